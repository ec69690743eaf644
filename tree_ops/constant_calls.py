"""What calls of builtins and libraries give, as far as it is known without running them.

The list is short on purpose; each entry says why it holds:

- `torch.jit.is_scripting()`, `is_tracing()`, `torch.compiler.is_compiling()` and the export probes are false while a
  mined module runs: archgraft executes modules eagerly.
- An environment variable read with a default is taken as unset: what a mined module does may not depend on the
  environment that it happens to run in.
- `sys.version_info` is compared with the oldest Python that archgraft runs on, `hasattr(torch...)` is answered for what
  the oldest torch that it runs on has.
- Builtins and methods of texts are computed on constants.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archgraft.tree_ops.constant_values import ANY, Constant, Value, constant, join, only

OLDEST_PYTHON = (3, 11)
_FALSE = frozenset(
    {
        "torch.jit.is_scripting",
        "torch.jit.is_tracing",
        "torch.jit._state.is_tracing",
        "torch._C._get_tracing_state",
        "torch._jit_internal.is_scripting",
        "torch.compiler.is_compiling",
        "torch.compiler.is_dynamo_compiling",
        "torch.compiler.is_exporting",
        "torch._dynamo.is_compiling",
        "torch.onnx.is_in_onnx_export",
    }
)
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv"})
_CONSTANTS: Mapping[str, Any] = {"typing.TYPE_CHECKING": False}
_ATTRIBUTES = frozenset(
    {
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.functional.silu",
        "torch.nn.functional.mish",
        "torch.nn.functional.gelu",
        "torch.nn.functional.hardswish",
        "torch.nn.functional.hardsigmoid",
        "torch.nn.functional.rms_norm",
        "torch.nn.RMSNorm",
        "torch.compile",
        "torch.vmap",
        "torch.set_float32_matmul_precision",
        "torch.channels_last",
        "torch.jit.is_scripting",
        "torch.compiler.is_compiling",
    }
)
"""Names that torch 2.6, the oldest that is supported, has."""
PURE_BUILTINS: Mapping[str, Callable[..., Any]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "len": len,
    "abs": abs,
    "min": min,
    "max": max,
    "tuple": tuple,
    "repr": repr,
    "sum": sum,
    "round": round,
}
_TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith", "replace", "split", "isdigit", "find"}
    | {"title", "capitalize", "removeprefix", "removesuffix", "partition", "rpartition", "count"}
)
PURE_QUESTIONS = frozenset({"isinstance", "issubclass", "hasattr", "callable", "getattr", "type", "id"})
"""Builtins that only look."""


def known_name(target: str) -> Value:
    """The value of something imported."""
    if target in _CONSTANTS:
        return constant(_CONSTANTS[target])
    return ANY


def is_known_call(target: str) -> bool:
    """Whether the call does nothing but answer."""
    return target in _FALSE or target in _ENVIRONMENT


def known_call(target: str, arguments: Sequence[Value]) -> Value:
    """What calling something imported with positional arguments gives."""
    if target in _FALSE:
        return constant(False)
    if target in _ENVIRONMENT:
        return arguments[1] if len(arguments) > 1 else constant(None)
    function = PURE_BUILTINS.get(target.removeprefix("builtins.")) if target.startswith("builtins.") else None
    return computed(function, arguments) if function is not None else ANY


def computed(function: Callable[..., Any], arguments: Sequence[Value]) -> Value:
    """A function of constants, where all arguments are constants and it raises nothing."""
    constants = [only(argument) for argument in arguments]
    if any(found is None for found in constants):
        return ANY
    try:
        result = function(*(found.value for found in constants if found is not None))
        return constant(result) if len(repr(result)) <= 1000 else ANY
    except (TypeError, ValueError, ArithmeticError, LookupError, MemoryError):
        return ANY


def text_method(value: Value, name: str, arguments: Sequence[Value]) -> Value:
    """A method of constant texts."""
    if not value or name not in _TEXT_METHODS:
        return ANY
    found: Value = frozenset()
    for atom in value:
        if not isinstance(atom, Constant) or not isinstance(atom.value, str):
            return ANY
        found = join(found, computed(getattr(atom.value, name), arguments))
    return found


def has_attribute(target: str, name: str) -> bool | None:
    """Whether an imported module has a name; None where it is not on the list."""
    return True if f"{target}.{name}" in _ATTRIBUTES else None


def version_answer(target: str, compare: str, other: Any) -> bool | None:
    """`sys.version_info >= (3, 8)` and the like, for every supported version; None where versions differ."""
    if target != "sys.version_info" or not isinstance(other, tuple) or not other:
        return None
    if other > OLDEST_PYTHON[: len(other)]:
        return None
    if len(other) <= len(OLDEST_PYTHON) and other == OLDEST_PYTHON[: len(other)]:
        return {"GtE": True, "Lt": False}.get(compare)
    return {"GtE": True, "Gt": True, "Lt": False, "LtE": False, "Eq": False, "NotEq": True}.get(compare)


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}


def operation(name: str, left: Value, right: Value) -> Value:
    """An arithmetic operation on constants."""
    first, second = only(left), only(right)
    if first is None or second is None or name not in OPERATORS:
        return ANY
    if name == "Mult" and not all(isinstance(side.value, int | float) for side in (first, second)):
        return ANY  # a repeated sequence may be large
    return computed(OPERATORS[name], [left, right])
