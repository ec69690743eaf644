"""What a child tells of itself: whatever would harm those who keep it is refused (law 5)."""

import math
import reprlib
from collections.abc import Mapping

import numpy as np

LARGEST = 2**62
"""Beyond are numbers that no database takes for whole ones."""
RESERVED = "__metadata__"
"""A name that safetensors' files have for something else (its format's description, "Format")."""


def count(value: object) -> int:
    """A whole number from 0 on. Raises `ValueError`."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"wanted a whole number from 0 to {LARGEST}, got {reprlib.repr(value)}")
    return value


def number(value: object) -> float:
    """A finite number. Raises `ValueError`."""
    if (type(value) is int and abs(value) <= LARGEST) or (type(value) is float and math.isfinite(value)):
        return float(value)
    raise ValueError(f"wanted a finite number, got {reprlib.repr(value)}")


def state(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Weights that can be kept in a file under their names. Raises `ValueError`."""
    for name in arrays:
        if name == RESERVED or not name.isprintable():
            raise ValueError(f"no file can hold weights under the name {reprlib.repr(name)}")
    return arrays
