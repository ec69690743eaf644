"""Modules that compute the same have one fingerprint, however they are written; others have different ones."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from archgraft.evaluator.behaviour import Subject
from archgraft.evaluator.fingerprint import fingerprint
from archgraft.evaluator.layouts import sizes_of
from archgraft.tree_ops.contract import Layout
from archgraft.tree_ops.contract_json import contract_from_json, contract_to_json
from tests.tree_ops.test_library import CONTRACT

WIDTH = 32


def taken(module: nn.Module, layout: Layout = "sequence") -> str:
    subject = Subject(module.eval(), layout, WIDTH, WIDTH, torch.Generator().manual_seed(0))
    return fingerprint(subject, sizes_of(layout).base)


class Gated(nn.Module):
    """A gated MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.gate, self.down = nn.Linear(WIDTH, 64), nn.Linear(WIDTH, 64), nn.Linear(64, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.down(self.up(x) * torch.sigmoid(self.gate(x)))  # type: ignore[no-any-return]


class Standardised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(WIDTH)), nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt() * self.scale + self.shift


class GatedRewritten(nn.Module):
    """The same by other means, with its parts under other names and in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(64, WIDTH)
        self.first, self.second = nn.Linear(WIDTH, 64), nn.Linear(WIDTH, 64)
        self.standardise = Standardised()

    def forward(self, x: Tensor) -> Tensor:
        x = self.standardise(x)
        return self.out(self.first(x) / (1 + torch.exp(-self.second(x))))  # type: ignore[no-any-return]


class GatedByTanh(Gated):
    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.down(self.up(x) * torch.tanh(self.gate(x)))  # type: ignore[no-any-return]


def test_the_same_function_written_twice_has_one_fingerprint() -> None:
    assert taken(Gated()) == taken(GatedRewritten())


def test_how_it_was_initialised_does_not_count() -> None:
    torch.manual_seed(1)
    first = taken(nn.Linear(WIDTH, WIDTH))
    torch.manual_seed(2)
    assert taken(nn.Linear(WIDTH, WIDTH)) == first


@pytest.mark.parametrize(
    ("one", "other", "layout"),
    [
        (Gated, GatedByTanh, "sequence"),
        (nn.ReLU, nn.ReLU6, "map"),
        (nn.ReLU, nn.GELU, "map"),
        (lambda: nn.BatchNorm2d(WIDTH), lambda: nn.GroupNorm(4, WIDTH), "map"),
        (
            lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
            lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=2, dilation=2),
            "map",
        ),
        (lambda: nn.Linear(WIDTH, WIDTH), lambda: nn.Linear(WIDTH, WIDTH, bias=False), "sequence"),
    ],
)
def test_different_functions_have_different_fingerprints(
    one: Callable[[], nn.Module], other: Callable[[], nn.Module], layout: Layout
) -> None:
    assert taken(one(), layout) != taken(other(), layout)


class Affine(nn.Module):
    """What batch normalisation is in eval mode, as long as it has seen nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(WIDTH)), nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        seen: Tensor = x * (1 + 1e-5) ** -0.5
        return seen * self.scale[:, None, None] + self.shift[:, None, None]


def test_what_differs_in_training_only_differs() -> None:
    assert taken(nn.BatchNorm2d(WIDTH), "map") != taken(Affine(), "map")


class Explodes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x * 1000)


class Refuses(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("not today")


@pytest.mark.parametrize("module", [Explodes(), Refuses()])
def test_what_can_not_be_compared_has_none(module: nn.Module) -> None:
    assert taken(module) == ""


def test_a_contract_takes_fingerprints_and_nothing_else() -> None:
    fields = contract_to_json(CONTRACT) | {"fingerprint": taken(nn.ReLU())}
    assert contract_from_json(fields).fingerprint == taken(nn.ReLU())
    with pytest.raises(ValueError, match="no fingerprint"):
        contract_from_json(fields | {"fingerprint": "drop table"})
