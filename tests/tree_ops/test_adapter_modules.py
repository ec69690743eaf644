"""Adapters as a user of an exported model meets them."""

import pytest
import torch
from torch import nn

from archgraft.tree_ops import adapter_modules as adapters


class Spy(nn.Module):
    """Notes the shape it is given and gives its input back, doubled."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = tuple(x.shape)
        return 2 * x


@pytest.mark.parametrize(
    ("name", "arguments", "shape", "seen"),
    [
        ("OnSequence", {}, (2, 6, 3, 4), (2, 12, 6)),
        ("OnMap", {}, (2, 16, 6), (2, 6, 4, 4)),
        ("OnMap", {"n_prefix": 1}, (2, 17, 6), (2, 6, 4, 4)),
        ("OnTransposed", {}, (2, 5, 6), (2, 6, 5)),
        ("OnRow", {}, (2, 6, 5), (2, 6, 1, 5)),
        ("ChannelsFirst", {}, (2, 3, 4, 6), (2, 6, 3, 4)),
        ("ChannelsLast", {}, (2, 6, 3, 4), (2, 3, 4, 6)),
        ("OnPositions", {}, (2, 3, 6), (6, 6)),
        ("IgnoreExtra", {}, (2, 6), (2, 6)),
        ("CloneInput", {}, (2, 6), (2, 6)),
    ],
)
def test_a_wrapper_shows_its_layout_to_the_module_and_the_hosts_to_the_host(
    name: str, arguments: dict[str, int], shape: tuple[int, ...], seen: tuple[int, ...]
) -> None:
    spy = Spy()
    x = torch.randn(shape)
    n_prefix = arguments.get("n_prefix", 0)
    expected = 2 * x
    expected[:, :n_prefix] = x[:, :n_prefix]
    assert torch.equal(getattr(adapters, name)(spy, **arguments)(x), expected)
    assert spy.seen == seen


def test_positions_stay_where_they_are_on_a_patch_grid() -> None:
    x = torch.arange(2 * 9 * 1, dtype=torch.float32).reshape(2, 9, 1)
    conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.zeros_(conv.weight)
    conv.weight.data[0, 0, 1, 2] = 1.0  # shifts the picture left by one
    shifted = adapters.OnMap(conv)(x).reshape(2, 3, 3)
    assert torch.equal(shifted[:, :, :2], x.reshape(2, 3, 3)[:, :, 1:])


def test_a_zero_gated_graft_leaves_its_host_exactly_as_it_was_and_then_learns() -> None:
    host, graft = nn.Linear(4, 4), nn.Linear(4, 4)
    grafted = adapters.Grafted(host, graft)
    x = torch.randn(3, 4)
    assert torch.equal(grafted(x), host(x))
    grafted(x).sum().backward()
    assert grafted.gate.grad != 0


def test_a_host_keeps_its_further_arguments_under_a_graft() -> None:
    class Masked(nn.Module):
        def forward(self, x: torch.Tensor, mask: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
            return x * mask * scale

    x = torch.ones(2, 4)
    assert torch.equal(adapters.Grafted(Masked(), nn.Linear(4, 4))(x, 2 * x, scale=3.0), 6 * x)


def test_further_arguments_are_dropped_where_a_module_does_not_take_them() -> None:
    x = torch.ones(2, 4)
    assert torch.equal(adapters.IgnoreExtra(nn.Identity())(x, "mask", rope=None), x)


def test_work_in_place_does_not_reach_the_host() -> None:
    x = -torch.ones(2, 4)
    adapters.CloneInput(nn.ReLU(inplace=True))(x)
    assert torch.equal(x, -torch.ones(2, 4))


class Noting(nn.Module):
    """Notes what it is fed."""

    def forward(self, x: torch.Tensor, *fed: object) -> tuple[torch.Tensor, int]:
        self.fed = fed
        return x, 0


@pytest.mark.parametrize(
    ("shape", "first", "n_axes", "size"),
    [((2, 24, 6), 1, 1, (4, 6)), ((2, 7, 6), 1, 1, (1, 7)), ((2, 6, 4, 3), 2, 2, (4, 3)), ((2, 4, 3, 6), 1, 2, (4, 3))],
)
def test_further_inputs_measure_the_positions(
    shape: tuple[int, ...], first: int, n_axes: int, size: tuple[int, int]
) -> None:
    module, x = Noting(), torch.randn(shape)
    feeds = ("same", "none", "size", "height", "width", "length")
    fed = adapters.TakeFirst(adapters.FeedInputs(module, feeds, first, n_axes))(x)
    assert torch.equal(fed, x)
    assert module.fed[0] is x
    assert module.fed[1:] == (None, size, *size, size[0] * size[1])
