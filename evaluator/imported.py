"""Functions by their names, imported where they run. For the sandbox child only."""

import importlib
from collections.abc import Callable
from typing import Any


def imported(name: str) -> Callable[..., Any]:
    """The function of `package.module:function`. Raises `ValueError` where the module has none, and `ImportError`."""
    place, _, function = name.rpartition(":")
    found = getattr(importlib.import_module(place), function, None)
    if not callable(found):
        raise ValueError(f"{place} has no function {function}")
    called: Callable[..., Any] = found
    return called
