"""Counts the FLOPs of what runs, by torch's own formulas. Runs in the sandbox child only.

`torch.utils.flop_counter.FlopCounterMode` counts the same, but follows modules with hooks of its own, which costs more
than the counting; here one number grows, and whoever wants a module's share reads it before and after. Added are the
formulas of two operations that only a CPU has, which torch's table lacks: attention, and a layer of an LSTM.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

Formula = Callable[..., int]


def _attention_on_cpu(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query.shape, key.shape, value.shape))  # type: ignore[no-untyped-call]


def _lstm_on_cpu(input_: torch.Tensor, *weights: torch.Tensor, **_: Any) -> int:
    """Of one layer in one direction: each step multiplies its input, and its state, by a matrix."""
    from_input, from_state = weights[:2]
    return 2 * input_.shape[0] * input_.shape[1] * (from_input.numel() + from_state.numel())


_FORMULAS: dict[Any, Formula] = {
    **flop_registry,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_on_cpu,
    torch.ops.aten.mkldnn_rnn_layer: _lstm_on_cpu,
}


class FlopCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, adds up FLOPs in `total`.

    Attention and transformer layers of torch then take their ordinary way: their fast path for inference is a single
    operation that says nothing of what it does, and would count as none.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0
        self._known: dict[Any, Formula | None] = {}
        self._fast_before: list[bool] = []  # one for each time that it was entered: it enters itself again

    def __enter__(self) -> "FlopCount":
        self._fast_before.append(torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        torch.backends.mha.set_fastpath_enabled(self._fast_before.pop())

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """To skip the compiler, torch would import it: a second, in a child that hasn't. Nothing is compiled here."""
        return False

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func not in self._known:
            self._known[func] = _FORMULAS.get(func._overloadpacket)
        formula = self._known[func]
        if formula is None and torch.is_inference_mode_enabled():  # operations arrive here before they are taken apart
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        output = func(*args, **kwargs)
        if formula is not None:
            self.total += flops_of(formula, args, kwargs, output)
        return output


def flops_of(formula: Formula, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> int:
    """Of one call. Torch wraps its formulas in a general search for tensors; what they take is only a few shapes."""
    bare = getattr(formula, "__wrapped__", None)
    if bare is None:
        return formula(*args, **kwargs, out_val=output)
    named = {name: _shape(value) for name, value in kwargs.items()}
    return int(bare(*map(_shape, args), **named, out_shape=_shape(output)))


def _shape(value: Any) -> Any:
    """The shape in place of a tensor."""
    if isinstance(value, tuple | list):
        return type(value)(map(_shape, value))
    return value.shape if isinstance(value, torch.Tensor) else value
