"""The Python files of a source: which there are, and what a program would import them as."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archgraft.tree_ops.sources import SourceRoot

TOP_MARK = ".archgraft-top"
"""Stands at the top of what was unpacked, where the marks of a repository may be missing."""
_REPOSITORY_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", TOP_MARK)
_ENVIRONMENT_MARK = "pyvenv.cfg"
"""A virtual environment inside a source holds other people's packages."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file or folder that could not be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file and its dotted module name."""

    name: str
    path: Path
    root: SourceRoot


def files(root: SourceRoot) -> Iterator[SourceFile | BrokenFile]:
    """The files of a root in the order of their paths.

    What is hidden, links to folders, and virtual environments are left out. Folders that can't be listed, links in a
    circle, and names that are no text come as broken.
    """
    if root.folder.is_file():
        yield SourceFile(_name_of(root.folder, _import_folder(root.folder.parent)), root.folder, root)
        return
    base = root.folder if root.package else _import_folder(root.folder)
    prefix = root.package.split(".") if root.package else []
    for found in _walk(root.folder):
        if isinstance(found, BrokenFile):
            yield found
        else:
            parts = [*prefix, *found.relative_to(base).with_suffix("").parts]
            yield SourceFile(_dotted(parts), found, root)


def _walk(top: Path) -> Iterator[Path | BrokenFile]:
    """In the order of the paths, and without recursion: folders may be nested more deeply than functions."""
    pending = [(str(top), True)]
    while pending:
        path, is_folder = pending.pop()
        if not is_folder:
            yield from _file(Path(path))
            continue
        try:
            pending += reversed(_entries(path))
        except OSError as error:
            yield BrokenFile(Path(path), error.strerror or str(error))


def _entries(folder: str) -> list[tuple[str, bool]]:
    """The paths of a folder's subfolders and Python files by name, and whether each is a folder."""
    with os.scandir(folder) as listed:
        entries = sorted((entry for entry in listed if not entry.name.startswith(".")), key=lambda entry: entry.name)
    if any(entry.name == _ENVIRONMENT_MARK for entry in entries):
        return []
    found = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
    return [(path, is_folder) for path, is_folder in found if is_folder or path.endswith(".py")]


def _file(path: Path) -> Iterator[Path | BrokenFile]:
    """The path, if it leads to a file: installers may link to theirs."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return  # a link to nothing
    except OSError as error:
        yield BrokenFile(path, error.strerror or str(error))
        return
    if is_file:
        yield path if _is_text(path.name) else BrokenFile(path, "its name is not text in this system's encoding")


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _name_of(path: Path, base: Path) -> str:
    return _dotted(list(path.relative_to(base).with_suffix("").parts))


def _dotted(parts: list[str]) -> str:
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def _import_folder(folder: Path) -> Path:
    """The folder on `sys.path` under which a script in `folder` is imported: above its outermost package."""
    while is_there(folder / "__init__.py") and folder.parent != folder:
        folder = folder.parent
    return folder


def script_folders(path: Path) -> Iterator[Path]:
    """Where a script's absolute imports may lie: its own folder, and those above it in its repository."""
    folder = path.parent
    yield folder
    top = repository_of(folder) or _import_folder(folder)
    while folder != top and folder.parent != folder:
        folder = folder.parent
        yield folder


def repository_of(folder: Path) -> Path | None:
    """The top of the code base that a folder belongs to, where it can be told."""
    places = (folder, *folder.parents)
    return next((place for place in places if any(is_there(place / mark) for mark in _REPOSITORY_MARKS)), None)


def is_there(path: Path) -> bool:
    """Whether a file or folder is there and may be looked at: other people's names may be too long for any file."""
    try:
        return path.exists()
    except OSError:
        return False
