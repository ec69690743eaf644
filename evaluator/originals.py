"""Imports a mined class from the package it was mined from. Runs in the sandbox child only (law 1).

The package's folder is among the job's `readable` ones. Some packages register Python kernels for operators that their
compiled half would define, and that half is absent where it was built for other hardware: such an operator is declared,
without a kernel, so that the rest of the package can be imported. A class that calls it fails, as it should.
"""

import importlib
import re
from typing import Any

import torch

MAX_DECLARED = 32
_NO_OPERATOR = re.compile(r"operator (?P<library>\w+)::(?P<name>\w+) does not exist")

_libraries: list[torch.library.Library] = []  # an operator lives as long as the object that declared it


def import_original(module: str, name: str) -> Any:
    """`name` (dotted where it is nested) out of `module`. Raises whatever the import raises, and `AttributeError`."""
    for _ in range(MAX_DECLARED):
        try:
            found: Any = importlib.import_module(module)
            break
        except Exception as error:  # a package that imports lazily wraps what went wrong in errors of its own
            missing = _missing_operator(error)
            if missing is None:
                raise
            _declare(missing["library"], missing["name"])
    else:
        raise ImportError(f"{module} needs more than {MAX_DECLARED} operators that nothing defines")
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _missing_operator(error: BaseException | None) -> re.Match[str] | None:
    """The operator that the error, or one that led to it, is about."""
    found = None
    while error is not None and found is None:
        found = _NO_OPERATOR.search(str(error))
        error = error.__cause__ or error.__context__
    return found


def _declare(library: str, name: str) -> None:
    fragment = torch.library.Library(library, "FRAGMENT")  # type: ignore[no-untyped-call]
    fragment.define(f"{name}(...) -> ...")  # type: ignore[no-untyped-call]
    _libraries.append(fragment)
