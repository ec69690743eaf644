"""Two classes are the same when they do the same, whatever their text."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archgraft.evaluator.side_by_side import Setup, compare


class Block(nn.Module):
    slope = 0.1

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.norm = nn.BatchNorm1d(dim)
        self.gate = nn.Parameter(torch.zeros(dim))
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.drop(self.norm(nn.functional.leaky_relu(self.linear(x), self.slope)))
        return x + self.gate * branch


class OtherConstant(Block):
    slope = 0.2


class OtherName(Block):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.mix = self.linear
        del self.linear

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.mix(x)
        return mixed


class OtherShape(Block):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Parameter(torch.zeros(1))


class NoDropout(Block):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.drop = nn.Dropout(0.0)


class CutGradient(Block):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.detach()) + x - x.detach()


class OtherMomentum(Block):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.norm.momentum = 0.5


class Damaging(Block):
    def forward(self, x: Tensor) -> Tensor:
        result = super().forward(x)
        if not self.training:
            x.zero_()
        return result


class Raising(Block):
    def forward(self, x: Tensor) -> Tensor:
        raise ValueError


class Refusing(Block):
    def __init__(self, dim: int) -> None:
        raise AssertionError("folded wrongly")


class RefusingToTrain(Block):
    def train(self, mode: bool = True) -> "RefusingToTrain":
        raise NameError("helper")


class NeedsPackage(Block):
    def __init__(self, dim: int) -> None:
        raise ImportError("flash attention is not installed")


class Restless(Block):
    n_built = 0

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        Restless.n_built += 1
        self.offset = Restless.n_built

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.offset


def setup(**arguments: Any) -> Setup:
    inputs = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    return Setup(lambda made: made(**arguments), ((inputs,), {}))


def test_a_class_is_equal_to_its_copy() -> None:
    copy = type("Copy", (Block,), {"__module__": "elsewhere"})
    assert compare(copy, Block, setup(dim=8), 0).kind == "equal"


def test_a_weight_that_is_woken_to_almost_nothing_is_shared_like_any_other() -> None:
    class Gates(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gates = nn.ParameterList([torch.zeros(1) for _ in range(200)])

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.cat(list(self.gates)).sum()

    assert compare(Gates, Gates, setup(), 0).kind == "equal"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (OtherConstant, "in eval mode, output"),
        (OtherName, "its state has mix.bias, mix.weight; lacks linear.bias, linear.weight"),
        (OtherShape, "its state's gate is (1,), not (8,)"),
        (NoDropout, "in train mode, output"),
        (CutGradient, "in train mode, gradient"),
        (OtherMomentum, "in train mode, state afterwards"),
        (Damaging, "in eval mode, what it leaves in its input"),
        (Raising, "it raises ValueError, the original nothing"),
        (Refusing, "it can't be built as the original can: AssertionError: folded wrongly"),
        (RefusingToTrain, "in eval mode, it raises NameError: helper, the original nothing"),
    ],
)
def test_a_class_that_does_something_else_differs_and_is_told_in_what(
    changed: Callable[..., nn.Module], says: str
) -> None:
    found = compare(changed, Block, setup(dim=8), 0)
    assert found.kind == "differs"
    assert says in found.reason


@pytest.mark.parametrize(
    ("both", "says"),
    [(Refusing, "neither can be built: AssertionError: folded wrongly"), (Raising, "neither runs: ValueError")],
)
def test_what_neither_can_do_tells_nothing(both: Callable[..., nn.Module], says: str) -> None:
    found = compare(both, both, setup(dim=8), 0)
    assert (found.kind, found.reason) == ("not_comparable", says)


@pytest.mark.parametrize(
    ("original", "says"),
    [
        (NeedsPackage, "the original can't be built: ImportError: flash attention is not installed"),
        (Restless, "the original differs from itself in eval mode"),
    ],
)
def test_an_original_that_can_not_be_a_measure_is_not_compared(original: Callable[..., nn.Module], says: str) -> None:
    found = compare(Block, original, setup(dim=8), 0)
    assert (found.kind, found.reason) == ("not_comparable", says)
