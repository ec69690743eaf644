"""What is published speaks of the project, and holds nothing unfinished."""

import re
from pathlib import Path

from tests.architecture.code import ROOT, python_files, relative

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")


def published() -> list[Path]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.py")]
    return [*pages, *python_files(), ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".ci/run"]


def test_nothing_is_left_unfinished() -> None:
    assert [relative(path) for path in published() if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_no_path_of_anybodys_machine_is_published() -> None:
    private = (str(ROOT), str(Path.home()) + "/")
    texts = {relative(path): path.read_text(encoding="utf-8") for path in published()}
    assert [name for name, text in texts.items() if any(path in text for path in private)] == []


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{relative(page)} -> {target}"
        for page in pages
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
