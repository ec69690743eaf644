"""Notices where tensors join in the forward methods of a candidate's classes. Runs in the sandbox child only.

A torch function mode sees every operation that Python code asks for; the calling frame says which method of which
module asked, and its bytecode position gives the span of the expression. Operations inside torch's own functions and
modules, and inside functions that belong to no class, are not seen: there a join belongs to no node.

A tensor flows unless it is known not to: parameters, buffers, and whatever is computed from nothing else.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from archgraft.evaluator.spans import Span, position, site, whole_call

_OPERATORS: dict[Callable[..., Any], str] = {
    **dict.fromkeys((torch.add, Tensor.add, Tensor.add_), "add"),
    **dict.fromkeys((torch.sub, torch.subtract, Tensor.sub, Tensor.sub_, Tensor.__rsub__), "subtract"),
    **dict.fromkeys((torch.mul, torch.multiply, Tensor.mul, Tensor.mul_), "multiply"),
    **dict.fromkeys((torch.maximum, Tensor.maximum, torch.max, Tensor.max), "maximum"),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), "concatenate"),
}
_DECIDING = frozenset(
    (Tensor.__bool__, Tensor.item, Tensor.tolist, Tensor.__int__, Tensor.__float__, Tensor.__index__, Tensor.nonzero)
)
"""What makes a Python value, or a number of rows, of a tensor's values."""
_SHAPES_ONLY = frozenset(
    (torch.zeros_like, torch.ones_like, torch.empty_like, torch.full_like, torch.rand_like, torch.randn_like)
) | {Tensor.new_zeros, Tensor.new_ones, Tensor.new_empty, Tensor.new_full, Tensor.new_tensor}
"""What takes nothing from its argument but shape, type and device."""
_BETWEEN = ("/torch/overrides.py", "/torch/_tensor.py")
"""Files of torch that stand between an operation and who asked for it."""


class JoinRecorder(TorchFunctionMode):
    """While active, notes joins by module, and modules whose forward reads values of what flows (`deciding`)."""

    def __init__(self, source: str, filename: str, model: nn.Module) -> None:
        super().__init__()
        self._source = source
        self.deciding: dict[int, None] = {}
        self._filename = filename
        self._seen: dict[tuple[Span, str, int], dict[str, Any]] = {}
        """By span, operator and identity of the module."""
        # By identity, and kept, since an identity is only good while its object lives.
        self._still: dict[int, Any] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
        self._methods: dict[tuple[CodeType, type], bool] = {}

    def of_modules(self) -> dict[int, list[dict[str, Any]]]:
        """The joins of each module, as JSON of `Join`, in the order of their first runs."""
        instances: dict[Span, set[int]] = defaultdict(set)
        for span, _, key in self._seen:
            instances[span].add(key)
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for (span, operator, key), join in self._seen.items():
            place = site(whole_call(self._source, span), join.pop("function"), len(instances[span]))
            found[key].append({"operator": operator, "site": place, **join})
        return found

    def __torch_function__(
        self, func: Callable[..., Any], _types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in _DECIDING and self._flows(args):
            self._decides()
        if func is Tensor.__setitem__ and self._flows(args[1:]):
            self._still.pop(id(args[0]), None)
        if not isinstance(result, Tensor | tuple | list):
            return result
        if func not in _SHAPES_ONLY and (self._flows(args) or self._flows(kwargs.values())):
            for tensor in tensors_in((result,)):
                self._still.pop(id(tensor), None)
            if (operator := _OPERATORS.get(func)) is not None and isinstance(result, Tensor):
                self._note(operator, args, kwargs, result)
        else:
            self._still.update((id(tensor), tensor) for tensor in tensors_in((result,)))
        return result

    def _flows(self, values: Any) -> bool:
        still = self._still
        return any(id(tensor) not in still for tensor in tensors_in(values))

    def _note(self, operator: str, args: Sequence[Any], kwargs: dict[str, Any], result: Tensor) -> None:
        operands = list(tensors_in((*args, *kwargs.values())))
        if sum(id(tensor) not in self._still for tensor in operands) < 2 or "alpha" in kwargs:
            return
        frame = asking_frame()
        if (module := self._module_of(frame)) is None or frame is None:
            return
        span = position(frame.f_code, frame.f_lasti)
        if span is None or (span, operator, id(module)) in self._seen:
            return
        self._seen[span, operator, id(module)] = {
            "function": frame.f_code.co_qualname,
            "operand_shapes": [list(tensor.shape) for tensor in operands],
            "output_shape": list(result.shape),
            "axis": concatenated_axis(args, kwargs) % result.dim() if operator == "concatenate" else None,
        }

    def _decides(self) -> None:
        if (module := self._module_of(asking_frame())) is not None:
            self.deciding[id(module)] = None

    def _module_of(self, frame: FrameType | None) -> nn.Module | None:
        """The module whose own method the frame runs, where that is written in the candidate's file."""
        if frame is None or frame.f_code.co_filename != self._filename or not frame.f_code.co_argcount:
            return None
        module = frame.f_locals.get(frame.f_code.co_varnames[0])
        return module if isinstance(module, nn.Module) and self._is_method(frame.f_code, type(module)) else None

    def _is_method(self, code: CodeType, cls: type) -> bool:
        key = code, cls
        if key not in self._methods:
            holder = code.co_qualname.rpartition(".")[0]
            self._methods[key] = any(base.__qualname__ == holder for base in cls.__mro__)
        return self._methods[key]


def asking_frame() -> FrameType | None:
    """The frame of whoever asked for the operation that a torch function mode is being told of."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename == __file__ or frame.f_code.co_filename.endswith(_BETWEEN)):
        frame = frame.f_back
    return frame


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors among some values, and in tuples and lists among them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_in(value)


def concatenated_axis(args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    """The axis that a call of `torch.cat` states; 0 by default."""
    axis = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
    return axis if isinstance(axis, int) else 0
