"""Helpers for tests of extraction: a tiny package in a folder, and what comes out of it."""

from pathlib import Path
from textwrap import dedent

from archgraft.tree_ops.closure import Extraction, extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot


def index_of(folder: Path, files: dict[str, str], package: str = "pkg") -> SourceIndex:
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return SourceIndex.build([SourceRoot(package, "1.0", "MIT", folder / package, package)])


def closure(folder: Path, files: dict[str, str], *roots: str) -> Extraction:
    return extract(index_of(folder, files), roots)


def assert_source(extraction: Extraction, expected: str) -> None:
    assert extraction.source == dedent(expected).lstrip("\n")
    compile(extraction.source, "<extracted>", "exec")


def run(extraction: Extraction) -> dict[str, object]:
    """The names that executing the source binds."""
    scope: dict[str, object] = {}
    exec(extraction.source, scope)
    return scope
