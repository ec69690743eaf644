"""Tensors in nested inputs and outputs: found, copied, compared. Child side.

Containers are tuples, lists, dictionaries (a package's own output classes too) and dataclasses, however nested.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

MAX_DEPTH = 8

Leaf = tuple[str, Any]
"""A path such as `[0].logits`, and what is there."""


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[Leaf]:
    """All that is no container, with its path, in order."""
    if depth < MAX_DEPTH:
        for name, item in _items(value) or ():
            yield from leaves(item, path + name, depth + 1)
        if _items(value) is not None:
            return
    yield path, value


def tensors(value: Any) -> list[Tensor]:
    """The tensors in a nested value, in order."""
    return [leaf for _, leaf in leaves(value) if isinstance(leaf, Tensor)]


def copied(value: Any) -> Any:
    """The same nested value with copies of its tensors, as leaves of a new graph where they hold real numbers."""
    return mapped(value, lambda tensor: tensor.detach().clone())


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The nested value with its tensors changed; only tuples, lists and dictionaries are entered."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (tuple, list):
        return type(value)(mapped(item, change) for item in value)
    if type(value) is dict:
        return {key: mapped(item, change) for key, item in value.items()}
    return value


def difference(first: Any, second: Any, tolerance: float) -> str | None:
    """Where and how two nested values differ; None when they agree.

    Numbers may differ by `tolerance`, relative to the largest of their tensor; not-a-number equals itself.
    """
    left, right = list(leaves(first)), list(leaves(second))
    if [path for path, _ in left] != [path for path, _ in right]:
        return f"parts {_paths(left)} in place of {_paths(right)}"
    for (path, one), (_, other) in zip(left, right):
        if problem := _leaf_difference(one, other, tolerance):
            return f"{path or 'the value'}: {problem}"
    return None


def _items(value: Any) -> list[tuple[str, Any]] | None:
    if isinstance(value, Mapping):
        return [(f"[{key!r}]", item) for key, item in value.items()]
    if isinstance(value, tuple | list):
        return [(f"[{number}]", item) for number, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name, None)) for field in dataclasses.fields(value)]
    return None


def _paths(found: list[Leaf]) -> str:
    return ", ".join(path or "(whole)" for path, _ in found[:8]) or "(none)"


def _leaf_difference(first: Any, second: Any, tolerance: float) -> str | None:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return tensor_difference(first, second, tolerance)
    if type(first).__name__ != type(second).__name__:
        return f"a {type(first).__name__} in place of a {type(second).__name__}"
    if isinstance(first, bool | int | float | str) and first != second and first == first:
        return f"{first!r} in place of {second!r}"
    return None


def tensor_difference(first: Tensor, second: Tensor, tolerance: float) -> str | None:
    """How two tensors differ beyond the tolerance, relative to the largest finite number; None when they agree."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return f"{tuple(first.shape)} {first.dtype} in place of {tuple(second.shape)} {second.dtype}"
    if first.layout != torch.strided or first.is_quantized or not first.numel() or torch.equal(first, second):
        return None
    wide = torch.complex128 if first.is_complex() else torch.float64
    one, other = first.detach().to(wide), second.detach().to(wide)
    finite = torch.isfinite(one) & torch.isfinite(other)
    if not _equal_where_infinite(one, other, finite):
        return "not finite in other places"
    gap = (one - other).abs()[finite].max().item() if finite.any() else 0.0
    scale = max(other.abs()[finite].max().item(), 1e-12) if finite.any() else 1.0
    return None if gap <= tolerance * scale else f"differs by {gap:.3g} where the largest is {scale:.3g}"


def _equal_where_infinite(first: Tensor, second: Tensor, finite: Tensor) -> bool:
    one, other = first[~finite], second[~finite]
    return bool(((one == other) | (one.isnan() & other.isnan())).all())
