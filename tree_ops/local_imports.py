"""Which files of a user's own code a file imports, directly or not. Read, never run.

A script's neighbours could be anything, a whole home folder included, so only what is imported is looked at.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from archgraft.tree_ops.source_files import is_there, script_folders
from archgraft.tree_ops.syntax import parse


def local_files(path: Path) -> list[Path]:
    """The file itself, then every file of the same code base that it needs, sorted."""
    found = {path}
    pending = [path]
    while pending:
        for imported in _imported_files(pending.pop()):
            if imported not in found:
                found.add(imported)
                pending.append(imported)
    return [path, *sorted(found - {path})]


def _imported_files(path: Path) -> Iterator[Path]:
    try:
        statements = ast.walk(parse(path.read_bytes()))
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        return  # the index says what is wrong with it
    for node in statements:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _absolute(path, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            for alias in node.names:
                if node.level:
                    above = path.parents[node.level - 1 : node.level]  # nothing lies above the root
                    yield from (file for folder in above for file in _files_of(folder, [*parts, alias.name]))
                else:
                    yield from _absolute(path, [*parts, alias.name])


def _absolute(path: Path, parts: list[str]) -> Iterator[Path]:
    for folder in script_folders(path):
        files = list(_files_of(folder, parts))
        if files:
            yield from files
            return


def _files_of(folder: Path, parts: list[str]) -> Iterator[Path]:
    """The files that importing a dotted name runs: each package's `__init__`, and the module, as far as they exist."""
    for part in parts:
        folder = folder / part
        for file in (folder / "__init__.py", folder.with_name(f"{part}.py")):
            if is_there(file):
                yield file.resolve()
