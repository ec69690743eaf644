"""Inputs of a call as plain data, and the values that they stand for. Child side.

`{"tensor": [2, 16, 32], "dtype": "float32"}` is standard normal noise; `uniform` lies in [0, 1); `int64` has `high`,
`bool` and `ones` need nothing more. `values` are given one by one, `{"literal": "None"}` is a Python literal, and
`tuple`, `list` and `dict` hold more of them.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from archgraft.tree_ops.syntax import literal

InputSpec = dict[str, Any]


def tensor(*shape: int, dtype: str = "float32", high: int = 0) -> InputSpec:
    """The specification of one tensor."""
    spec: InputSpec = {"tensor": list(shape), "dtype": dtype}
    return {**spec, "high": high} if high else spec


def plain(value: object) -> InputSpec:
    """The specification of a literal."""
    return {"literal": repr(value)}


def value_of(spec: InputSpec, generator: torch.Generator, *, requires_grad: bool = False) -> Any:
    """What a specification stands for. Raises `ValueError` for what is none."""
    if "tensor" in spec:
        return _tensor(spec, generator, requires_grad=requires_grad)
    if "values" in spec:
        return torch.tensor(spec["values"], dtype=getattr(torch, spec["dtype"]))
    if "literal" in spec:
        return literal(str(spec["literal"]))
    for kind, made in (("tuple", tuple), ("list", list)):
        if kind in spec:
            return made(value_of(item, generator, requires_grad=requires_grad) for item in spec[kind])
    if "dict" in spec:
        return {key: value_of(item, generator, requires_grad=requires_grad) for key, item in spec["dict"].items()}
    raise ValueError(f"no input is specified by {spec}")


def _tensor(spec: InputSpec, generator: torch.Generator, *, requires_grad: bool) -> Tensor:
    shape, dtype = tuple(spec["tensor"]), spec.get("dtype", "float32")
    match dtype:
        case "int64":
            return torch.randint(0, max(1, int(spec.get("high", 2))), shape, generator=generator)
        case "bool":
            return torch.ones(shape, dtype=torch.bool)
        case "ones":
            return torch.ones(shape)
        case "uniform":
            return torch.rand(shape, generator=generator).requires_grad_(requires_grad)
        case "complex64":
            return torch.randn(shape, generator=generator, dtype=torch.complex64)
        case "float32":
            return torch.randn(shape, generator=generator).requires_grad_(requires_grad)
    raise ValueError(f"no tensor of {dtype} is made")


def tensors_in(value: Any, depth: int = 4) -> Iterator[Tensor]:
    """All tensors of whatever a module gave: tensors, containers, mappings, and objects that keep them as fields."""
    if isinstance(value, Tensor):
        yield value
    elif depth == 0 or isinstance(value, str | bytes):
        return
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item, depth - 1)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from tensors_in(item, depth - 1)
    elif hasattr(value, "__dict__") and not isinstance(value, type | torch.nn.Module):
        for item in vars(value).values():
            yield from tensors_in(item, depth - 1)
