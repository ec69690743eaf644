"""Helpers for tests of extraction: a tiny package in a folder, and what comes out of it."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from archgraft.tree_ops.closure import Extraction, close, extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.specialisation import Folding


def index_of(folder: Path, files: dict[str, str], package: str = "pkg") -> SourceIndex:
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return SourceIndex.build([SourceRoot(package, "1.0", "MIT", folder / package, package)])


def closure(folder: Path, files: dict[str, str], *roots: str) -> Extraction:
    return extract(index_of(folder, files), roots)


def members(folder: Path, text: str, root: str = "Net") -> set[str]:
    """The functions that are left in the root's closure."""
    found = closure(folder, {"a.py": text}, f"pkg.a.{root}")
    lines = [line.strip() for line in found.source.splitlines()]
    return {line.removeprefix("def ").split("(")[0] for line in lines if line.startswith("def ")}


def assert_source(extraction: Extraction, expected: str) -> None:
    assert extraction.source == dedent(expected).lstrip("\n")
    compile(extraction.source, "<extracted>", "exec")


def folded(source: str, root: str = "Net", fixed: Sequence[str] = ()) -> Extraction:
    """What becomes of one class or function when all that is decided is folded, however small it is."""
    index = SourceIndex.of_texts({"m": dedent(source).lstrip("\n")})
    definition = index.definition(("m", root))
    return close(index, [definition], slim=lambda _: True, trimming=Folding(fixed, small_lines=0))


def assert_folds(source: str, expected: str, root: str = "Net", fixed: Sequence[str] = ()) -> None:
    """Folded, it is `expected`, and folds no further."""
    found = folded(source, root, fixed)
    assert found.source == dedent(expected).lstrip("\n")
    assert folded(found.source, root).source == found.source


def run(extraction: Extraction) -> dict[str, object]:
    """The names that executing the source binds."""
    scope: dict[str, object] = {}
    exec(extraction.source, scope)
    return scope
