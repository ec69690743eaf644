"""Dataclasses to JSON text and back, exactly.

JSON arrays stand for tuples, which is what our dataclasses hold; the rare list in a free-form value (a constructor
argument, say) is tagged, so that an edit that was stored emits the same source as the one that was planned.
"""

import dataclasses
import functools
import json
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast

import numpy as np
from pydantic import TypeAdapter

T = TypeVar("T")
_LIST = "__list__"


def to_json(value: object) -> str:
    """The value as JSON text. Raises `TypeError` for anything but dataclasses, mappings, sequences and literals."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def from_json(kind: type[T], text: str) -> T:
    """What `to_json` wrote, as a validated `kind`. Raises `pydantic.ValidationError` when the text is none."""
    return cast(T, _adapter(cast(Hashable, kind)).validate_python(_restored(json.loads(text))))


@functools.cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(type[Any], kind))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, list):
        return {_LIST: [_plain(item) for item in value]}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a run store can't keep a {type(value).__name__}: {value!r}")


def _restored(value: object) -> object:
    if isinstance(value, list):
        return tuple(_restored(item) for item in value)
    if isinstance(value, dict):
        if value.keys() == {_LIST}:
            return [_restored(item) for item in value[_LIST]]
        return {key: _restored(item) for key, item in value.items()}
    return value
