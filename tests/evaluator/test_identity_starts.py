"""How another copy of a block begins as the identity: what is set, and that nothing is told that isn't one."""

from typing import cast

import torch
from torch import Tensor, nn

from archgraft.evaluator.group_starts import group_starts
from archgraft.evaluator.identity_starts import identity_starts
from archgraft.tree_ops.anatomy import IdentityStart


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.act(x + self.norm(self.conv(x))))


class Scaled(nn.Module):
    """Two branches, the first with a scale of its own, with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix, self.gamma = nn.LayerNorm(4), nn.Linear(4, 4), nn.Parameter(torch.ones(4))
        self.mlp = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Dropout(0.5), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.gamma * self.mix(self.norm(x))
        return x + torch.as_tensor(self.mlp(x))


class Plain(nn.Module):
    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(4, 4, 3, padding=1), act

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.act(self.conv(x)))


def start_of(module: nn.Module, *shape: int) -> IdentityStart | None:
    model = nn.Sequential(module).double()
    found = identity_starts(model, torch.randn(5, *shape, dtype=torch.float64))
    return next((start for start in found if start.path == "0"), None)


def test_a_residual_branch_ends_in_zeros_at_the_layer_nearest_to_the_join() -> None:
    assert start_of(Residual(), 4, 6, 6) == IdentityStart("0", definition_of(Residual), ("norm.weight", "norm.bias"))


def test_every_branch_is_silenced_each_at_its_own_end() -> None:
    start = start_of(Scaled(), 7, 4)
    assert start is not None
    assert start.zeroed == ("gamma", "mlp.3.weight", "mlp.3.bias")


def test_without_a_skip_each_channel_is_handed_on_where_the_activation_allows_it() -> None:
    start = start_of(Plain(nn.ReLU()), 4, 6, 6)
    assert start is not None
    assert (start.zeroed, start.dirac) == (("conv.bias",), ("conv.weight",))
    assert start_of(Plain(nn.GELU()), 4, 6, 6) is None


def test_what_normalises_its_output_can_not_begin_as_the_identity() -> None:
    assert start_of(nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU()), 4, 6, 6) is None
    assert start_of(nn.LayerNorm(4), 7, 4) is None


def test_the_model_is_left_with_the_weights_it_had() -> None:
    model = nn.Sequential(Residual(), Residual()).double()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    identity_starts(model, torch.randn(5, 4, 6, 6, dtype=torch.float64))
    assert all(torch.equal(parameter, before[name]) for name, parameter in model.named_parameters())


class Looped(nn.Module):
    def __init__(self, *, adds: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleList([nn.Linear(4, 4), nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4))]) for _ in range(2)
        )
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        for pair in self.layers:
            mix, mlp = cast("nn.ModuleList", pair)
            x = mix(x) + x if self.adds else mix(x)
            x = mlp(x) + x
        return x


def test_a_group_in_a_loop_is_silenced_when_the_loop_adds_what_it_gives() -> None:
    inputs = torch.randn(5, 7, 4, dtype=torch.float64)
    found = list(group_starts(Looped(adds=True).double(), inputs))
    assert [start.path for start in found] == ["layers.0", "layers.1"]
    assert found[0].zeroed == ("0.weight", "0.bias", "1.1.weight", "1.1.bias")
    assert list(group_starts(Looped(adds=False).double(), inputs)) == []


def definition_of(module_class: type) -> str:
    return f"{module_class.__module__}.{module_class.__qualname__}"
