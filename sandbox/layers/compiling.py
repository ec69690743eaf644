"""What a job that may compile has besides: namespaces of its own, the system's programs, and a compiler among them.

It may start what its system may execute and nothing else, so what it can do is more than a list of system calls says:
therefore only where all other layers hold, and alone with what it has started.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from archgraft.sandbox.layers.compile_refusals import COMPILER, NO_COMPILER, NOT_APART, NOT_CONFINED
from archgraft.sandbox.layers.granted_paths import PROGRAMS
from archgraft.sandbox.layers.namespaces import NEW_USER, WORLD, enter_new, works_in_throwaway


@dataclass(frozen=True, slots=True)
class Compiling:
    """Whether jobs may compile here."""

    refusal: str = NOT_CONFINED
    """Why they may not; empty when they may."""
    namespaces: int = 0
    """The kinds that each has for itself."""


def examine(*, confined: bool) -> Compiling:
    """Find out in throwaway processes; `confined` says whether all other layers are there."""
    if not confined:
        return Compiling(NOT_CONFINED)
    for namespaces in (WORLD, NEW_USER | WORLD):
        if works_in_throwaway(lambda: enter_new(namespaces)):  # noqa: B023 - called at once
            return Compiling("" if has_compiler() else NO_COMPILER, namespaces)
    return Compiling(NOT_APART)


def has_compiler() -> bool:
    """Whether there is a compiler that a job could start."""
    found = shutil.which(COMPILER)
    return found is not None and any(Path(found).resolve().is_relative_to(folder) for folder in PROGRAMS)
