"""Writes what an archive or a commit holds into the cache: Python, licences, metadata, and nothing outside of it."""

import fnmatch
import posixpath
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.source_files import TOP_MARK

MAX_KEPT_BYTES = 2**29
MAX_READ_BYTES = 2**32
MAX_FILES = 200_000
_BLOCK_BYTES = 2**20
_WANTED = ("*.py", "*.typed", "licen[cs]e*", "copying*", "pkg-info", "pyproject.toml", "setup.cfg")
_METADATA_FOLDER = "*.dist-info"


@dataclass(slots=True)
class Unpacking:
    """One archive's way into `folder`. `label` names the archive in messages.

    A small archive may unpack to more than any disk holds, so all that is read, and all that is kept, is counted.
    """

    label: str
    folder: Path
    n_bytes_read: int = 0
    n_bytes_kept: int = 0
    n_files: int = 0

    def count(self, n_bytes: int) -> None:
        """Charge one member that is read, kept or not. Raises `SourceError` when it is too much."""
        self.n_files += 1
        self.n_bytes_read += n_bytes
        if self.n_files > MAX_FILES or self.n_bytes_read > MAX_READ_BYTES:
            raise self._too_much(f"{MAX_READ_BYTES / 2**30:.0f} GiB or {MAX_FILES:,} files")

    def write(self, name: str, n_bytes: int, packed: IO[bytes]) -> None:
        """Write one file below the folder. Raises `SourceError` for a name that leads elsewhere."""
        self.n_bytes_kept += n_bytes
        if self.n_bytes_kept > MAX_KEPT_BYTES:
            raise self._too_much(f"{MAX_KEPT_BYTES / 2**20:.0f} MiB of Python")
        target = self.safe_target(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as unpacked:
                self._copy(n_bytes, packed, unpacked)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise SourceError(f"{self.label} holds a file and a folder of one name: {name!r}") from None

    def _copy(self, n_bytes: int, packed: IO[bytes], unpacked: IO[bytes]) -> None:
        while n_bytes:
            block = packed.read(min(n_bytes, _BLOCK_BYTES))
            if not block:
                raise EOFError(f"a file is shorter than {self.label} says")
            unpacked.write(block)
            n_bytes -= len(block)

    def safe_target(self, name: str) -> Path:
        """Where a file of that name goes. Raises `SourceError` when that is not below the folder."""
        path = PurePosixPath(name.replace("\\", "/"))
        if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in name:
            raise SourceError(
                f"{self.label} tries to write outside of its folder ({name!r}): it is damaged or malicious"
            )
        return self.folder.joinpath(*path.parts)

    def check_link(self, name: str, target: str) -> None:
        """Links are never made, but one that leads out of the folder is malicious. Raises `SourceError` for it."""
        self.safe_target(name)
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        self.safe_target(place if place != "." else name)

    def _too_much(self, limit: str) -> SourceError:
        return SourceError(
            f"{self.label} unpacks to more than {limit}: unpack what you want to mine, and give that folder"
        )


def is_wanted(name: str) -> bool:
    """Whether mining needs a file of this name; what is hidden is left out."""
    parts = PurePosixPath(name.replace("\\", "/").lower()).parts
    if not parts or any(part.startswith(".") for part in parts):
        return False
    return any(fnmatch.fnmatchcase(parts[-1], pattern) for pattern in _WANTED) or any(
        fnmatch.fnmatchcase(part, _METADATA_FOLDER) for part in parts[:-1]
    )


def kept(folder: Path, fill: Callable[[Path], None]) -> Path:
    """The folder, filled once and for all: another process sees either all of it or nothing. Raises `SourceError`."""
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            fresh = Path(scratch, "unpacked")
            fresh.mkdir()
            fill(fresh)
            (fresh / TOP_MARK).touch()
            fresh.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another process was faster
            raise SourceError(f"the cache {folder.parent} can't be written: {error.strerror or error}") from error
    return folder
