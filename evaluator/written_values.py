"""Live values written down again: constructor arguments as Python source, call inputs as specifications. Child side."""

import functools
import inspect
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archgraft.evaluator.inputs import InputSpec, plain, tensor
from archgraft.evaluator.synthetic_config import SyntheticConfig
from archgraft.tree_ops.configurations import takes_configuration
from archgraft.tree_ops.spec import Parameter
from archgraft.tree_ops.syntax import literal

MAX_ITEMS = 64
MAX_ELEMENTS = 2**20


class UnwritableError(ValueError):
    """A value has no source that means it outside this process."""


def written_arguments(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], width: int
) -> tuple[tuple[str, str], ...]:
    """A constructor call's arguments; those with a default are left out where they can't be written.

    Raises `UnwritableError` when a required one can't be, and `TypeError` when the call doesn't fit the signature.
    """
    bound = signature.bind(*args, **kwargs)
    found: list[tuple[str, str]] = []
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            found += [(key, written(item)) for key, item in value.items()]
        elif parameter.kind is parameter.VAR_POSITIONAL:
            if value:
                raise UnwritableError(f"{name} takes any number of values")
        elif isinstance(value, SyntheticConfig):
            if not takes_configuration(Parameter(name, "positional")):
                raise UnwritableError(f"{name} is a configuration")
            found.append((name, f"configuration({name!r}, {width})"))
        else:
            try:
                found.append((name, written(value)))
            except UnwritableError:
                if parameter.default is parameter.empty:
                    raise
    return tuple(found)


def written(value: Any) -> str:
    """The Python source of a literal, a name of torch, or a layer of torch. Raises `UnwritableError`."""
    if value is None or type(value) in (bool, int, float, str):
        return _literal(value)
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS:
        items = ", ".join(map(written, value))
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict) and len(value) <= MAX_ITEMS:
        return "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, functools.partial):
        parts = [written(part) for part in (value.func, *value.args)]
        return f"functools.partial({', '.join([*parts, *(f'{k}={written(v)}' for k, v in value.keywords.items())])})"
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, nn.Module):
        return _layer(value)
    name, home = getattr(value, "__name__", ""), getattr(value, "__module__", "") or ""
    for place, path in ((nn, "torch.nn"), (nn.functional, "torch.nn.functional"), (torch, "torch")):
        if name and home.startswith("torch") and getattr(place, name, None) is value:
            return f"{path}.{name}"
    raise UnwritableError(f"a {type(value).__name__} can't be written down")


def _literal(value: Any) -> str:
    text = repr(value)
    try:
        literal(text)
    except ValueError:
        raise UnwritableError(f"{text} is no literal") from None
    return text


def _layer(layer: nn.Module) -> str:
    """A call that builds a layer of torch anew."""
    name = type(layer).__name__
    if getattr(nn, name, None) is not type(layer):
        raise UnwritableError(f"a {name} is no layer of torch")
    if isinstance(layer, nn.Sequential):
        return f"torch.nn.Sequential({', '.join(map(_layer, layer))})"
    if isinstance(layer, nn.ModuleList):
        return f"torch.nn.ModuleList([{', '.join(map(_layer, layer))}])"
    if any(True for _ in layer.children()) or not re.fullmatch(r"[\w\s=.,()\[\]'\-+]*", layer.extra_repr()):
        raise UnwritableError(f"a {name} can't be written down")
    return f"torch.nn.{name}({layer.extra_repr()})"


def specified(value: Any, depth: int = 3) -> InputSpec:
    """The specification of a call's input. Raises `UnwritableError`."""
    if isinstance(value, Tensor):
        return _tensor(value)
    if value is None or type(value) in (bool, int, float, str):
        _literal(value)
        return plain(value)
    if depth and isinstance(value, list | tuple) and len(value) <= MAX_ITEMS:
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [specified(item, depth - 1) for item in value]}
    if depth and isinstance(value, dict) and len(value) <= MAX_ITEMS and all(isinstance(key, str) for key in value):
        return {"dict": {key: specified(item, depth - 1) for key, item in value.items()}}
    raise UnwritableError(f"a {type(value).__name__} is no plain input")


def _tensor(value: Tensor) -> InputSpec:
    if value.numel() > MAX_ELEMENTS or value.ndim > 8:
        raise UnwritableError("the tensor is too large")
    shape = tuple(value.shape)
    if value.dtype is torch.bool:
        return tensor(*shape, dtype="bool")
    if value.is_complex():
        return tensor(*shape, dtype="complex64")
    if value.is_floating_point():
        return tensor(*shape)
    if value.numel() <= MAX_ITEMS:
        return {"values": value.tolist(), "dtype": str(value.dtype).removeprefix("torch.")}
    return tensor(*shape, dtype="int64", high=max(1, int(value.max()) + 1))
