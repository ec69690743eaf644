"""Which torch functions a forward pass calls, and what they combine. Child side."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

_PRODUCTS = frozenset({"matmul", "__matmul__", "__rmatmul__", "bmm", "einsum", "baddbmm"})
_MULTIPLICATIONS = frozenset({"mul", "__mul__", "__rmul__", "mul_", "__imul__", "multiply"})
_DIVISIONS = frozenset({"div", "div_", "__truediv__", "__itruediv__", "true_divide", "divide"})
_CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "unfold"})
_RUNNING = frozenset({"cumsum", "cumprod", "logcumsumexp", "cummax", "cummin", "cumsum_"})


class CallRecorder(TorchFunctionMode):
    """Notes which torch functions a forward pass calls, and what they combine.

    With parameters frozen, a tensor that requires a gradient is one that depends on the input.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self.inputs = inputs
        self.names: set[str] = set()
        self.mixes_by_content = False
        self.spatial_kernel = False
        self.accumulates = False
        self.divides_by_statistic = False
        self.softmax_lengths: set[int] = set()
        self.gated: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        self.names.add(name)
        result = func(*args, **(kwargs or {}))
        dependent = [a for a in _tensors((*args, *(kwargs or {}).values())) if a.requires_grad]
        if name in _PRODUCTS and len(dependent) > 1:
            self.mixes_by_content = True
        if name in _CONVOLUTIONS:
            self.spatial_kernel = self.spatial_kernel or _has_spatial_kernel(name, args, kwargs or {})
        if name in _DIVISIONS and len(dependent) > 1 and dependent[1].numel() < result.numel():
            self.divides_by_statistic = True  # by fewer numbers than there are: by what sums them up
        if name in _RUNNING and dependent:
            self.accumulates = True
        if name == "softmax" and dependent:
            self.softmax_lengths.add(_softmax_length(result, args, kwargs or {}))
        if name in _MULTIPLICATIONS and len(dependent) > 1 and any(self._is_gated(a) for a in dependent):
            self.gated.append(result)
        return result

    def _is_gated(self, tensor: Tensor) -> bool:
        """Whether this is the input, or the input times something already."""
        return any(
            tensor.data_ptr() == known.data_ptr() and tensor.numel() == known.numel()
            for known in (self.inputs, *self.gated)
        )


def _tensors(values: tuple[Any, ...]) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found.extend(item for item in value if isinstance(item, Tensor))
    return found


def _has_spatial_kernel(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    if name == "unfold":
        return True
    weight = args[1] if len(args) > 1 else kwargs.get("weight")
    return isinstance(weight, Tensor) and any(length > 1 for length in weight.shape[2:])


def _softmax_length(result: Tensor, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int:
    axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
    return int(result.shape[axis]) if isinstance(axis, int) else 0
