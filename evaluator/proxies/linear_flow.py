"""Runs a model as the linear network that SynFlow is defined on. Runs in the sandbox child only.

Functions are replaced where they are called, so that it doesn't matter whether a model has modules for them:
- what carries the signal is the identity: activations (of positive numbers ReLU is), norms, dropout;
- what weighs it is held at the share that it gives to each when nothing is known: attention looks at all visible
  positions alike (for an input of ones, whose positions are alike, softmax does so by itself), gates are half open;
- an embedding gives its mean row: what it makes of one-hot tokens that are all ones, over their number.
All else runs as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from archgraft.evaluator.proxies.units import UNITS

PASSED_ON = UNITS | {
    "layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "local_response_norm", "normalize",
    "dropout", "dropout_", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "log_softmax",
}  # fmt: skip
NARROW = frozenset({torch.float32, torch.float16, torch.bfloat16})
NARROWING = frozenset({"float", "half", "bfloat16"})
MASKED = -1e4
"""Scores below this are of positions that may not be seen: all others are sums of positive numbers."""


class LinearFlow(TorchFunctionMode):
    """While active, torch's functions do what the module says, and what they make is in double precision."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = {name: _wide(value) for name, value in (kwargs or {}).items()}
        args = tuple(map(_wide, args))
        name = getattr(func, "__name__", "")
        if name in NARROWING:
            return args[0].double()
        if name in PASSED_ON:
            return args[0] if args else kwargs["input"]
        replaced = _REPLACED.get(name)
        return func(*args, **kwargs) if replaced is None else replaced(func, *args, **kwargs)


def _wide(value: Any) -> Any:
    """Double precision where a narrower one is asked for."""
    return torch.float64 if isinstance(value, torch.dtype) and value in NARROW else value


def _half_open(_func: Any, input: Tensor, *_: Any, **__: Any) -> Tensor:
    return torch.full_like(input, 0.5)


def _half_open_halves(_func: Any, input: Tensor, dim: int = -1) -> Tensor:
    return input.chunk(2, dim)[0] * 0.5


def _even_share(func: Any, input: Tensor, *args: Any, **kwargs: Any) -> Any:
    hidden = input <= MASKED
    return func(torch.zeros_like(input).masked_fill(hidden, -torch.inf), *args, **kwargs)


def _asking_for_nothing(func: Any, query: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Attention whose queries are zero looks at every position that it may see alike; masks stay what they are."""
    return func(torch.zeros_like(query), *args, **kwargs)


def _mean_row(_func: Any, input: Tensor, weight: Tensor, *_: Any, **__: Any) -> Tensor:
    return weight.mean(0).expand(*input.shape, -1)


_REPLACED: Mapping[str, Callable[..., Any]] = {
    "sigmoid": _half_open,
    "sigmoid_": _half_open,
    "hardsigmoid": _half_open,
    "glu": _half_open_halves,
    "softmax": _even_share,
    "scaled_dot_product_attention": _asking_for_nothing,
    "multi_head_attention_forward": _asking_for_nothing,
    "embedding": _mean_row,
}
