"""Interpreter, cores, memory, compiler and disk. Works on every system, as a broken machine is what it is for."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from archgraft.agent.doctor.row import Row

OLDEST_PYTHON = (3, 11)
MIN_MEMORY_BYTES = 4 * 2**30
MIN_FREE_DISK_BYTES = 2 * 2**30
MIN_FREE_SCRATCH_BYTES = 2**30
COMPILERS = ("c++", "g++", "clang++")


def python_row(version: tuple[int, int] = sys.version_info[:2]) -> Row:
    """The interpreter."""
    found = f"{platform.python_version()} at {sys.executable}"
    if version < OLDEST_PYTHON:
        return Row("python", "fail", found, "make an environment with Python 3.11 or newer: make PYTHON=python3.12")
    return Row("python", "ok", found)


def machine_row(n_cores: int, memory_bytes: int | None, slots: int) -> Row:
    """Cores that this process may use and the machine's memory, against what a search would have in flight."""
    memory = "memory unknown" if memory_bytes is None else f"{memory_bytes / 2**30:.1f} GiB of memory"
    found = f"{n_cores} cores, {memory}"
    if memory_bytes is not None and memory_bytes < MIN_MEMORY_BYTES:
        return Row("machine", "note", found, "set search.slots=1, so that only one candidate trains at a time")
    if n_cores < slots:
        return Row("machine", "note", found, f"set search.slots={n_cores}: {slots} candidates would share a core")
    return Row("machine", "ok", found)


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_bytes() -> int | None:
    """The machine's memory; None where the system doesn't say."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def compiler_row(environment: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Row:
    """A C++ compiler, which torch.compile needs for the CPU. Nothing else does."""
    named = environment.get("CXX")
    for name in [named] if named else COMPILERS:
        if path := which(name):
            return Row("compiler", "ok", path)
    found = f"CXX={named} is not there" if named else "none"
    return Row("compiler", "note", found, "models can't be timed compiled (torch.compile): install g++ or clang")


def disk_rows(folder: Path, scratch: Path) -> tuple[Row, Row]:
    """Room and right to write where runs are put (the current folder) and where jobs have their scratch."""
    return (
        _disk_row("disk", folder, MIN_FREE_DISK_BYTES, "run archgraft elsewhere, or put runs elsewhere with --out"),
        _disk_row("scratch", scratch, MIN_FREE_SCRATCH_BYTES, "set TMPDIR to a folder on a larger disk"),
    )


def _disk_row(name: str, folder: Path, least_bytes: int, elsewhere: str) -> Row:
    if not os.access(folder, os.W_OK):
        return Row(name, "fail", f"{folder} can't be written to", elsewhere)
    free_bytes = shutil.disk_usage(folder).free
    found = f"{free_bytes / 2**30:.1f} GiB free in {folder}"
    if free_bytes < least_bytes:
        return Row(name, "note", found, f"free some space, or {elsewhere}")
    return Row(name, "ok", found)
