"""The user's files as they would be, in a temporary folder: the originals are never touched to try something."""

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archgraft.tree_ops.source_files import TOP_MARK, repository_of


def top_of(path: Path) -> Path:
    """The folder that paths in a patch begin at: the repository's, or the one above the file's outermost package."""
    folder = path.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return repository_of(path.parent) or folder


@contextmanager
def overlay(top: Path, files: Collection[Path], changed: Mapping[Path, bytes]) -> Iterator[Path]:
    """A folder that stands for `top` and holds these files, some of them changed or new."""
    folder = Path(tempfile.mkdtemp(prefix="archgraft-overlay-")).resolve()
    try:
        (folder / TOP_MARK).touch()
        for path in {*files, *changed, *_package_marks(files, top)}:
            copy = folder / path.relative_to(top)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(changed[path] if path in changed else path.read_bytes())
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _package_marks(files: Collection[Path], top: Path) -> set[Path]:
    """The `__init__.py` of every package that a file lies in: without them its imports mean something else."""
    return {
        folder / "__init__.py"
        for path in files
        for folder in path.parents
        if folder.is_relative_to(top) and (folder / "__init__.py").is_file()
    }
