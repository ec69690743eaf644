"""Runs a model without chance: every random draw of its forward pass gives what is likeliest. Child side.

Two models that compute the same function draw random numbers in other orders and shapes (dropout on twice as many
units), so even from one seed they differ in train mode. Here dropout keeps everything and scales as ever, noise is zero
and uniform numbers are one half, in both.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_MIDDLE = 0.5
_DRAWS: dict[str, Callable[[Tensor], Any]] = {
    "bernoulli": lambda drawn: drawn.fill_(1),
    "bernoulli_": lambda drawn: drawn.fill_(1),
    "rand": lambda drawn: drawn.fill_(_MIDDLE),
    "rand_like": lambda drawn: drawn.fill_(_MIDDLE),
    "uniform_": lambda drawn: drawn.fill_(_MIDDLE),
    "randn": lambda drawn: drawn.zero_(),
    "randn_like": lambda drawn: drawn.zero_(),
    "normal_": lambda drawn: drawn.zero_(),
}


class Stillness(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type its modes
    """While active, nothing is random."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func.overloadpacket.__name__)
        if name == "native_dropout":
            return args[0].clone(), torch.ones_like(args[0], dtype=torch.bool)
        result = func(*args, **(kwargs or {}))
        if name in _DRAWS:
            _DRAWS[name](result)
        return result
