"""Puts a verified change on disk: all of its files or none, and only where they still are what was read."""

import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.tree_ops.refactoring.patch import FileChange

UNFINISHED = ".archgraft-unfinished"
"""How the names of temporary files end."""


def write(top: Path, changes: Sequence[FileChange]) -> None:
    """Write all files. Raises `UsageError`, with nothing written, when one can't be or was changed meanwhile."""
    ready: list[tuple[FileChange, Path, Path]] = []
    try:
        for change in changes:
            place = (top / change.name).resolve()  # a link stays a link: what it leads to is written
            _check(place, change)
            ready.append((change, place, _beside(place, change.after)))
        for change, place, _ in ready:
            _check(place, change)
        _exchange(ready)
    finally:
        for _, _, temporary in ready:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write one file whole or not at all."""
    _beside(path, content).replace(path)


def _check(place: Path, change: FileChange) -> None:
    if change.before is None:
        if place.exists():
            raise UsageError(f"{place} has appeared meanwhile, and was left alone: nothing was written")
        return
    try:
        now = place.read_bytes()
    except OSError as error:
        raise UsageError(f"{place} can't be read any more ({error.strerror}): nothing was written") from None
    if now != change.before:
        raise UsageError(f"{place} was changed meanwhile: nothing was written. Run the same command again")
    if not place.stat().st_mode & stat.S_IWUSR:
        raise UsageError(f"{place} is read-only: nothing was written. Make it writable, or apply the patch yourself")


def _beside(place: Path, content: bytes) -> Path:
    """The content in a temporary file of the same folder and permissions."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mode = place.stat().st_mode & 0o7777 if place.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
    except BaseException:  # a full disk or Ctrl-C leaves nothing behind
        Path(name).unlink()
        raise
    return Path(name)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _exchange(ready: Sequence[tuple[FileChange, Path, Path]]) -> None:
    """Put every temporary file in its place; when one fails, or at Ctrl-C, put back what was there."""
    try:
        for _, place, temporary in ready:
            temporary.replace(place)
    except BaseException:
        for change, place, temporary in ready:
            if temporary.exists():
                continue  # it never came to its place
            with suppress(OSError):
                if change.before is None:
                    place.unlink()
                else:
                    write_bytes(place, change.before)
        raise
