"""Numbers that a child tells of itself: what can't be one, or would harm whoever keeps it, is refused (law 5)."""

import math
import reprlib

LARGEST = 2**62
"""Beyond are numbers that no database takes for whole ones."""


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
