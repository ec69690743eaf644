"""Traces a model from its source, for tests of whatever works on trees."""

from textwrap import dedent

import numpy as np

from archgraft.evaluator.verify import trace
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.expectation import adopt
from archgraft.tree_ops.tree import Tree

LIMITS = Limits(wall_seconds=30)
BATCH = 5

RESIDUAL = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, stride=1, act=nn.ReLU):
        super().__init__()
        self.conv = nn.Conv2d(width // stride, width, 3, stride=stride, padding=1)
        self.act = act()
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=8, blocks=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.stage1 = nn.Sequential(*[Block(width) for _ in range(blocks)])
        self.stage2 = Block(2 * width, stride=2)
        self.head = nn.Linear(2 * width, 10)

    def forward(self, x):
        x = self.stage2(self.stage1(self.stem(x)))
        return self.head(x.mean(dim=(2, 3)))
"""


def with_builder(source: str, call: str) -> str:
    """The source with the `build_model()` that ends every candidate."""
    builder = f"\n\ndef build_model() -> nn.Module:\n    model: nn.Module = {call}\n    return model\n"
    return dedent(source).strip() + "\n" + builder


def inputs(*shape: int, tokens: bool = False) -> np.ndarray:
    """A batch of noise, or of token ids below 11."""
    generator = np.random.default_rng(0)
    if tokens:
        return generator.integers(0, 11, size=(BATCH, *shape))
    return generator.normal(size=(BATCH, *shape)).astype(np.float32)


def plant_tree(sandbox: Sandbox, source: str, call: str, batch: np.ndarray) -> Tree:
    """The tree of a model. Fails the test, with the child's log, when it can't be built."""
    whole = with_builder(source, call)
    traced = trace(sandbox, whole, "build_model()", batch, 0, LIMITS)
    assert traced.header is not None, traced.outcome.log
    return adopt(whole, "build_model()", traced.header, len(batch))
