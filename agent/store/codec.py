"""Dataclasses to JSON text and back, exactly."""

import dataclasses
import functools
import json
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast

import numpy as np
from pydantic import TypeAdapter

T = TypeVar("T")


def to_json(value: object) -> str:
    """The value as JSON text. Raises `TypeError` for anything but dataclasses, mappings, sequences and literals."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def from_json(kind: type[T], text: str) -> T:
    """What `to_json` wrote, as a validated `kind`. Raises `pydantic.ValidationError` when the text is none."""
    return cast(T, _adapter(cast(Hashable, kind)).validate_python(json.loads(text)))


@functools.cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(type[Any], kind))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a run store can't keep a {type(value).__name__}: {value!r}")
