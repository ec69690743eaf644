"""The Python files of a source: which there are, what a program would import them as, and reading them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archgraft.tree_ops.modules import ModuleSource, decode, parse_module
from archgraft.tree_ops.sources import SourceRoot

_MAX_FILE_BYTES = 8 * 2**20
_REPOSITORY_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that could not be read, and why."""

    path: Path
    reason: str


def read(name: str, path: Path, root: SourceRoot) -> ModuleSource | BrokenFile:
    """Parse one file, or say why it can't be."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            return BrokenFile(path, f"larger than {_MAX_FILE_BYTES // 2**20} MiB")
        text = decode(path.read_bytes())
        return parse_module(text, name, path, root, is_package=path.name == "__init__.py")
    except SyntaxError as error:
        return BrokenFile(path, f"syntax error in line {error.lineno}: {error.msg}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return BrokenFile(path, f"{type(error).__name__}: {error}")


def files(root: SourceRoot) -> Iterator[tuple[str, Path]]:
    """Module names and paths of a root, sorted."""
    if root.folder.is_file():
        yield _name_of(root.folder, _import_folder(root.folder.parent)), root.folder
        return
    base = root.folder.parent if root.package else _import_folder(root.folder)
    prefix = root.package.split(".") if root.package else []
    for path in sorted(root.folder.rglob("*.py")):
        if any(part.startswith(".") for part in path.relative_to(root.folder).parts) or path.is_symlink():
            continue
        if prefix:
            relative = path.relative_to(root.folder).with_suffix("").parts
            yield ".".join([*prefix, *(part for part in relative if part != "__init__")]), path
        else:
            yield _name_of(path, base), path


def _name_of(path: Path, base: Path) -> str:
    parts = list(path.relative_to(base).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _import_folder(folder: Path) -> Path:
    """The folder on `sys.path` under which a script in `folder` is imported: above its outermost package."""
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def script_folders(path: Path) -> Iterator[Path]:
    """Where a script's absolute imports may lie: its own folder, and those above it in its repository."""
    folder = path.parent
    yield folder
    inside = [folder, *folder.parents]
    repository = next((f for f in inside if any((f / mark).exists() for mark in _REPOSITORY_MARKS)), None)
    top = repository or _import_folder(folder)
    while folder != top and folder.parent != folder:
        folder = folder.parent
        yield folder
