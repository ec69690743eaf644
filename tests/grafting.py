"""Edits applied, printed, rebuilt and compared, for tests of operators."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.evaluator.verify import Verified, verify
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.edits import Edit, Graft
from archgraft.tree_ops.emission import Emitted, emissions
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree
from tests.agent.small_search import CONV_BLOCK, TOKEN_MIXER, spec
from tests.planting import LIMITS

SPECS = {each.id: each for each in (spec("conv1", "ConvBlock", CONV_BLOCK), spec("mixer", "TokenMixer", TOKEN_MIXER))}

TOKENS = """
import torch
from torch import nn


class Mixer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, scale, shift=None):
        return self.proj(x) * scale


class Net(nn.Module):
    def __init__(self, dim=8, depth=2):
        super().__init__()
        self.embed = nn.Linear(6, dim)
        self.layers = nn.ModuleList([Mixer(dim) for _ in range(depth)])
        self.head = nn.Linear(self.layers[0].dim, 10)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = x + layer(x, 0.5, shift=None)
        return self.head(x.mean(dim=1))
"""


@dataclass(frozen=True)
class Graftery:
    """Where edits of one host are carried out."""

    sandbox: Sandbox
    batch: np.ndarray

    def verified(self, tree: Tree, edit: Edit) -> Verified:
        """What the ladder gives: the offspring, or why there is none."""
        return self.accepted(tree, list(emissions(tree, edit, spec_of)))

    def grown(self, tree: Tree, edit: Edit) -> Tree:
        """The offspring. Fails the test, with the reason, when there is none."""
        verified = self.verified(tree, edit)
        assert verified.tree is not None, verified.reason
        return verified.tree

    def on_each_rung(self, tree: Tree, edit: Edit) -> list[tuple[str, Tree]]:
        """The offspring by each rung that applies, with the rung's name."""
        found: list[tuple[str, Tree]] = []
        for emitted in emissions(tree, edit, spec_of):
            verified = self.accepted(tree, [emitted])
            assert verified.tree is not None, f"{emitted.rung}: {verified.reason}\n{emitted.source}"
            found.append((emitted.rung, verified.tree))
        return found

    def accepted(self, tree: Tree, prints: Sequence[Emitted]) -> Verified:
        """Rebuild and compare some prints."""
        return verify(self.sandbox, tree, prints, self.batch, (10,), 0, 0, LIMITS)


def spec_of(module_id: str) -> ModuleSpec:
    """The library of these tests."""
    return SPECS[module_id]


def edit_at(tree: Tree, operator: str, *paths: str, **fields: object) -> Edit:
    """An edit at the first path, and at the others too."""
    others = tuple((tree.at(path).nid, path) for path in paths[1:])
    return Edit(operator, tree.at(paths[0]).nid, paths[0], others=others, **fields)  # type: ignore[arg-type]  # in words


def conv(in_chs: int, out_chs: int) -> Graft:
    """A convolution block of the library."""
    return Graft("conv1", (("in_chs", str(in_chs)), ("out_chs", str(out_chs))))


def mixer(dim: int) -> Graft:
    """A token mixer of the library."""
    return Graft("mixer", (("dim", str(dim)),))


def shape_of_tree(tree: Tree) -> list[tuple[str, str]]:
    """Paths and classes, the containers' own included."""
    return [(node.path, node.class_name) for node in tree]
