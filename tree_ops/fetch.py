"""Finds the code that a source names: a path, an archive, a commit, an installed package, or one in the registry.

Nothing is imported and nothing of a source is executed: installed packages are located by their top-level name, from
the registry only wheels are taken, and what is packed, in an archive or in git, is unpacked into the cache folder.
"""

from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch_archive import from_archive, is_archive
from archgraft.tree_ops.fetch_git import GIT_PREFIX, from_git
from archgraft.tree_ops.fetch_installed import from_installed
from archgraft.tree_ops.fetch_registry import REGISTRY_PREFIX, RegistryUnreachableError, from_registry
from archgraft.tree_ops.near_names import expanded, near_paths
from archgraft.tree_ops.source_files import BrokenFile, files
from archgraft.tree_ops.source_roots import root_of_path
from archgraft.tree_ops.sources import SourceRoot

__all__ = ["RegistryUnreachableError", "resolve"]


def resolve(source: str, cache: Path) -> SourceRoot:
    """The code that `source` names; what is fetched or unpacked is kept in `cache` and works offline from then on.

    `source` is a path to a file, folder or archive, the name of an installed package, `pypi:NAME==VERSION`, or
    `git+PATH@REVISION`. Raises `SourceError`, of which `RegistryUnreachableError` says that only the network is at
    fault.
    """
    if not source.strip():
        raise SourceError("the source is empty: give a path, an installed package, or pypi:NAME==VERSION")
    if source.startswith(REGISTRY_PREFIX):
        return from_registry(source, cache)
    if source.startswith(GIT_PREFIX):
        return from_git(source, cache)
    path = expanded(source)
    if path.exists():
        return _from_path(source, path.resolve(), cache)
    if path.suffix == ".py" or len(path.parts) > 1 or source.startswith((".", "~")) or is_archive(path):
        raise SourceError(f"there is no file or folder {source}{near_paths(path)}")
    return from_installed(source)


def _from_path(source: str, path: Path, cache: Path) -> SourceRoot:
    if path.is_file() and is_archive(path):
        return from_archive(source, path, cache)
    if path.is_file() and path.suffix != ".py":
        raise SourceError(f"{source} is not Python source: give a .py file, a folder, an archive, or a package")
    root = root_of_path(source.rstrip("/") or source, "", path)
    found = next(files(root), None)
    if found is None or not (path.is_dir() or path.is_file()):
        raise SourceError(f"there is no Python file in {source}")
    if isinstance(found, BrokenFile) and found.path == path:
        raise SourceError(f"{source} can't be read: {found.reason}")
    return root
