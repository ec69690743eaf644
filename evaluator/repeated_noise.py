"""Random starting weights at the price of a copy: large tensors repeat one stretch of noise. Runs in the child only.

What is only built to see its structure, its shapes and whether gradients flow needs weights of the right distribution,
not millions of independent draws: these cost more than all else in a structural check. The stretch's length is prime,
so that neither rows nor filters come out alike. Small tensors, and all constants, are as ever.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

PERIOD = 4093
"""Elements of the stretch; a prime."""
_LARGE = 4 * PERIOD
_DRAWING = ("uniform_", "normal_")
_ELEMENTWISE = ("erfinv_",)
"""Slow functions by which initialisers shape what was drawn (`trunc_normal_`)."""


@contextmanager
def repeated_noise() -> Iterator[None]:
    """While it lasts, drawing into a large tensor draws a stretch of it and repeats that."""
    names = (*_DRAWING, *_ELEMENTWISE)
    for name in names:
        ordinary = getattr(torch.Tensor, name)
        setattr(torch.Tensor, name, (_drawn if name in _DRAWING else _shaped)(ordinary))
    try:
        yield
    finally:
        for name in names:  # what was set hid what the tensor's base has
            delattr(torch.Tensor, name)


def _drawn(ordinary: Callable[..., Any]) -> Callable[..., Any]:
    def draw(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if not _can_repeat(tensor):
            return ordinary(tensor, *args, **kwargs)
        flat = tensor.detach().view(-1)
        ordinary(flat[:PERIOD], *args, **kwargs)
        _repeat(flat)
        return tensor

    return draw


def _shaped(ordinary: Callable[..., Any]) -> Callable[..., Any]:
    def shape(tensor: torch.Tensor) -> Any:
        if not _can_repeat(tensor):
            return ordinary(tensor)
        flat = tensor.detach().view(-1)
        if not torch.equal(flat[PERIOD:], flat[:-PERIOD]):
            return ordinary(tensor)
        ordinary(flat[:PERIOD])
        _repeat(flat)
        return tensor

    return shape


def _can_repeat(tensor: torch.Tensor) -> bool:
    """Whether a tensor is worth it, plain memory, and open to be written to as things are."""
    is_plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_contiguous()
    is_open = not (tensor.requires_grad and torch.is_grad_enabled())
    return is_plain and is_open and tensor.numel() >= _LARGE


def _repeat(flat: torch.Tensor) -> None:
    """Let the first stretch fill the rest."""
    n_whole, rest = divmod(flat.numel(), PERIOD)
    stretch, end = flat[:PERIOD], n_whole * PERIOD
    flat[PERIOD:end].view(n_whole - 1, PERIOD).copy_(stretch)
    flat[end:].copy_(stretch[:rest])
