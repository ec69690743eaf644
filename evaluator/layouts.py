"""Tensor layouts: where batch, positions and channels stand, and probe inputs in each of them. Child side."""

from dataclasses import dataclass

import torch
from torch import Tensor

from archgraft.tree_ops.contract import Layout

Positions = tuple[int, ...]
"""Lengths of the position axes: (H, W), (N,), or () for vectors."""

LAYOUTS: tuple[Layout, ...] = ("map", "sequence", "signal", "map_last", "vector")
BATCH = 3


@dataclass(frozen=True, slots=True)
class ProbeSizes:
    """Position lengths that a layout is probed at. `base` and `other` are multiples of 8; `uneven` maps a multiple to
    lengths that are multiples of it and of nothing larger. What only works on squares is probed on squares."""

    base: Positions
    other: Positions
    uneven: tuple[tuple[int, Positions], ...]


_TWO_AXES = ProbeSizes((8, 8), (16, 8), ((1, (7, 7)), (2, (6, 6)), (4, (12, 12)), (8, (24, 24))))
_ONE_AXIS = ProbeSizes((16,), (24,), ((1, (13,)), (2, (14,)), (4, (12,)), (8, (40,))))
_NO_AXIS = ProbeSizes((), (), ((1, ()),))
_SQUARE_MAP = ProbeSizes((8, 8), (16, 16), _TWO_AXES.uneven)
_SQUARE_NUMBER = ProbeSizes((16,), (64,), ((1, (25,)), (4, (36,))))


def sizes_of(layout: Layout, *, square: bool = False) -> ProbeSizes:
    """The position lengths to probe a layout at."""
    if square:
        return {"map": _SQUARE_MAP, "map_last": _SQUARE_MAP, "vector": _NO_AXIS}.get(layout, _SQUARE_NUMBER)
    return {"map": _TWO_AXES, "map_last": _TWO_AXES, "vector": _NO_AXIS}.get(layout, _ONE_AXIS)


def channel_axis(layout: Layout) -> int:
    """The axis that holds the channels."""
    return -1 if layout in ("map_last", "sequence") else 1


def shape_of(layout: Layout, batch: int, width: int, positions: Positions) -> tuple[int, ...]:
    """The full shape of a batch in a layout."""
    if channel_axis(layout) == -1:
        return (batch, *positions, width)
    return (batch, width, *positions)


def positions_of(layout: Layout, tensor: Tensor) -> Positions:
    """The lengths of the position axes of a batch."""
    return tuple(tensor.shape[1:-1]) if channel_axis(layout) == -1 else tuple(tensor.shape[2:])


def random_input(
    layout: Layout, width: int, positions: Positions, generator: torch.Generator, batch: int = BATCH
) -> Tensor:
    """A batch of standard normal numbers."""
    return torch.randn(shape_of(layout, batch, width, positions), generator=generator)


def channels_first(layout: Layout, tensor: Tensor) -> Tensor:
    """The batch as (B, C, P), positions flattened in reading order."""
    moved = tensor.movedim(-1, 1) if channel_axis(layout) == -1 else tensor
    return moved.reshape(*moved.shape[:2], -1)


def from_channels_first(layout: Layout, tensor: Tensor, positions: Positions) -> Tensor:
    """The inverse of `channels_first`: (B, C, P) back to the layout."""
    unfolded = tensor.reshape(*tensor.shape[:2], *positions)
    return unfolded.movedim(1, -1) if channel_axis(layout) == -1 else unfolded
