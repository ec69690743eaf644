"""What the pages tell people to type exists."""

import re
from pathlib import Path

import pytest

from archgraft.agent.cli import COMMANDS
from tests.architecture.code import ROOT, relative

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_and_spans(page: Path) -> str:
    """The parts of a page that are code: what a reader may type."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"```(?:bash|console|sh|text)?\n(.*?)```", text, re.DOTALL)
    return "\n".join([*fences, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)])


def test_the_readme_begins_with_the_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    asked = set(re.findall(r"^(?:\$ )?make (?:[A-Z]+=\S+ )?([a-z]+)\b", blocks_and_spans(page), re.MULTILINE))
    assert asked <= targets


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_commands_exist(page: Path) -> None:
    asked = set(re.findall(r"^(?:\$ )?(?:\S+/)?archgraft ([a-z]+)\b", blocks_and_spans(page), re.MULTILINE))
    assert asked <= set(COMMANDS)
