"""Which axes count the same units, and what replicas of them would change."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from archgraft.evaluator.unit_flow import unit_groups
from archgraft.evaluator.unit_shapes import shape_blocks
from archgraft.tree_ops.anatomy import UnitGroup


def group_at(model: nn.Module, inputs: Tensor, tensor: str, axis: int = 0) -> UnitGroup:
    groups = unit_groups(model, inputs)
    return next(g for g in groups if any((a.tensor, a.axis) == (tensor, axis) for a in g.axes))


def told(group: UnitGroup) -> set[str]:
    return {f"{axis.tensor}.{axis.axis} {axis.role}" for axis in group.axes}


class Between(nn.Module):
    """Two linear layers with anything between them, on tokens (B, N, 6)."""

    def __init__(self, hidden: int = 8, taken: int = 8) -> None:
        super().__init__()
        self.up = nn.Linear(6, hidden)
        self.down = nn.Linear(taken, 6)

    def between(self, x: Tensor) -> Tensor:
        return functional.gelu(x)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.as_tensor(self.down(self.between(self.up(x))))


def hidden_of(model: Between) -> UnitGroup:
    return group_at(model, torch.randn(5, 7, 6), "up.weight")


def test_a_hidden_layer_is_given_by_one_layer_and_taken_by_the_next() -> None:
    group = hidden_of(Between())
    assert told(group) == {"up.weight.0 gives", "up.bias.0 gives", "down.weight.1 takes"}
    assert not group.hazards
    assert not group.uniform


def test_normalised_averaged_and_halved_units_must_be_replicated_evenly() -> None:
    class Normalised(Between):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(8)

        def between(self, x: Tensor) -> Tensor:
            return torch.as_tensor(self.norm(x))

    class Halved(Between):
        def __init__(self) -> None:
            super().__init__(hidden=16)

        def between(self, x: Tensor) -> Tensor:
            value, gate = x.chunk(2, dim=-1)
            return value * functional.silu(gate)

    class Divided(Between):
        def between(self, x: Tensor) -> Tensor:
            return x / x.pow(2).mean(-1, keepdim=True).sqrt()

    for group in map(hidden_of, (Normalised(), Halved(), Divided())):
        assert group.uniform
        assert not group.hazards
    assert "norm.weight.0 gives" in told(hidden_of(Normalised()))


def test_what_replicas_would_change_is_a_hazard() -> None:
    class Shared(Between):
        def between(self, x: Tensor) -> Tensor:
            return x.softmax(-1)

    class Summed(Between):
        def between(self, x: Tensor) -> Tensor:
            return x * x.sum(-1, keepdim=True)

    class Scaled(Between):
        def between(self, x: Tensor) -> Tensor:
            return x / 8**0.5

    class Compared(Between):
        def between(self, x: Tensor) -> Tensor:
            return (x @ x.transpose(1, 2)).softmax(-1) @ x

    class Sorted(Between):
        def between(self, x: Tensor) -> Tensor:
            return x.sort(-1).values

    class Cut(Between):
        def between(self, x: Tensor) -> Tensor:
            return torch.cat([x[..., :3], x[..., 3:]], -1)

    class InHeads(Between):
        def between(self, x: Tensor) -> Tensor:
            return x.reshape(*x.shape[:-1], 2, 4).flatten(-2)

    hazards = {
        type(model).__name__: hidden_of(model).hazards[0]
        for model in (Shared(), Summed(), Scaled(), Compared(), Sorted(), Cut(), InHeads())
    }
    assert hazards == {
        "Shared": "a softmax shares out among them",
        "Summed": "they are summed without weights",
        "Scaled": "a factor of 2.82843 may follow from their number",
        "Compared": "they are multiplied with other values, not weights",
        "Sorted": "they pass through sort",
        "Cut": "some of them are cut off",
        "InHeads": "a reshape takes them apart or merges them",
    }


def test_channels_are_followed_through_norms_depthwise_convolutions_and_gates() -> None:
    class Squeeze(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reduce, self.expand = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(self.expand(functional.relu(self.reduce(x.mean((2, 3), keepdim=True))))) * x

    model = nn.Sequential(
        nn.Conv2d(3, 8, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        Squeeze(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )
    group = group_at(model, torch.randn(5, 3, 6, 6), "0.weight")
    takers = {each for each in told(group) if each.endswith("takes")}
    assert takers == {"4.reduce.weight.1 takes", "7.weight.1 takes"}
    assert {"1.running_var.0 gives", "3.weight.0 gives", "4.expand.bias.0 gives"} <= told(group)
    assert not group.hazards


@pytest.mark.parametrize(
    ("model", "tensor"),
    [
        (nn.Sequential(nn.Conv2d(4, 8, 1), nn.Conv2d(8, 4, 1, groups=2)), "0.weight"),
        (nn.Sequential(nn.Conv2d(4, 8, 1), nn.GroupNorm(2, 8), nn.Conv2d(8, 4, 1)), "0.weight"),
        (nn.Sequential(nn.Conv2d(4, 8, 1), nn.Flatten(), nn.Linear(72, 4)), "0.weight"),
        (nn.Sequential(nn.Conv2d(4, 8, 1)), "0.weight"),
    ],
)
def test_groups_flattening_and_the_models_output_are_hazards(model: nn.Module, tensor: str) -> None:
    assert group_at(model, torch.randn(5, 4, 3, 3), tensor).hazards


def test_the_axes_of_a_kernel_are_nothing_to_widen() -> None:
    assert group_at(nn.Conv2d(4, 8, 3), torch.randn(5, 4, 9, 9), "weight", axis=2).hazards


def test_a_tied_tensor_both_gives_and_is_read_by_number() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Embedding(11, 6), nn.Linear(6, 11, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(self.head(self.embed(x)))

    group = group_at(Tied(), torch.zeros(5, 7, dtype=torch.int64), "embed.weight", axis=1)
    assert group.hazards == ("the same tensor gives and takes them",)


def test_a_reshape_is_matched_by_its_finest_blocks() -> None:
    assert shape_blocks((5, 7, 6), (35, 6)) == [([0, 1], [0]), ([2], [1])]
    assert shape_blocks((5, 8, 1, 1), (5, 8)) == [([0], [0]), ([1], [1])]
    assert shape_blocks((5, 7, 8), (5, 7, 2, 4)) == [([0], [0]), ([1], [1]), ([2], [2, 3])]
