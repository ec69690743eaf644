"""The arithmetic of torch's layers: which settings give the same shapes as those that a layer has.

A layer with kernel k, dilation d, padding p and stride s turns n positions into floor((n + 2p - d(k - 1) - 1) / s) + 1.
So for every n the positions stay what they are as long as s and 2p - d(k - 1) do: the padding is solved from that.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KERNELS = (1, 2, 3, 4, 5, 6, 7)
DILATIONS = (1, 2, 3)
POOLS = frozenset(f"torch.nn.{kind}Pool{n}d" for kind in ("Max", "Avg") for n in (1, 2, 3))
_N_AXES = {f"torch.nn.{kind}{n}d": n for kind in ("Conv", "ConvTranspose", "MaxPool", "AvgPool") for n in (1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Window:
    """What a layer sees at once on each axis: kernel, dilation and padding."""

    kernel: int
    dilation: int
    padding: int

    @property
    def reach(self) -> int:
        """By how much the positions grow with a stride of one: what must stay the same."""
        return 2 * self.padding - self.dilation * (self.kernel - 1)


def alike(window: Window, *, pools: bool) -> Iterator[Window]:
    """Other windows that give the same positions for every size of input, one setting changed at a time.

    The padding of a pool is at most half of its kernel, and of a convolution less than what it sees, so that no output
    is made of padding alone. A pool of one position is none.
    """
    kernels = [(kernel, window.dilation) for kernel in KERNELS if not pools or kernel > 1]
    dilations = [(window.kernel, dilation) for dilation in DILATIONS if window.kernel > 1 and not pools]
    for kernel, dilation in (*kernels, *dilations):
        padding, rest = divmod(window.reach + dilation * (kernel - 1), 2)
        most = kernel // 2 if pools else dilation * (kernel - 1)
        other = Window(kernel, dilation, padding)
        if not rest and 0 <= padding <= most and other != window:
            yield other


def window_of(given: Mapping[str, Any]) -> Window | None:
    """A layer's window, where it is the same on all axes and padded by a number."""
    kernel = same_on_all_axes(given.get("kernel_size"))
    dilation = same_on_all_axes(given.get("dilation", 1))
    padding = same_on_all_axes(given.get("padding", 0))
    return None if kernel is None or dilation is None or padding is None else Window(kernel, dilation, padding)


def n_axes(definition: str) -> int:
    """The number of position axes of one of torch's convolutions or pools; 0 for other classes."""
    return _N_AXES.get(definition, 0)


def group_counts(*widths: int) -> list[int]:
    """Numbers of groups that divide all widths: powers of two, and the most that there can be."""
    most = math.gcd(*widths)
    return [n for n in dict.fromkeys((1, 2, 4, 8, 16, 32, most)) if n <= most and most % n == 0]


def same_on_all_axes(value: object) -> int | None:
    """The number that a size given as one number, or as equal numbers, means."""
    if isinstance(value, tuple | list) and len(set(value)) == 1:
        value = value[0]
    return value if type(value) is int else None
