"""What is seen while sources are read and mined."""

import io

import pytest
from rich.console import Console

from archgraft.agent import mine_report
from archgraft.agent.mine import MineStep, MineSummary
from archgraft.agent.mine_report import as_json, as_table, reporter
from archgraft.tree_ops.file_reading import IndexStep


def step(n_done: int) -> MineStep:
    return MineStep("nets", f"nets.Net{n_done}", "stored", "", n_done, 3)


def test_a_terminal_shows_a_bar_for_reading_and_then_one_for_mining(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=120, force_interactive=True)
    monkeypatch.setattr(mine_report, "Console", lambda **_: terminal)
    with reporter() as reports:
        reports.indexed(IndexStep(40, 80))
        reports.mined(step(2))
    text = shown.getvalue()
    assert "reading files" in text
    assert "nets.Net2" in text
    assert "2/3" in text


def test_elsewhere_a_line_now_and_then_will_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mine_report, "PLAIN_SECONDS", 0.0)
    with reporter() as reports:
        reports.indexed(IndexStep(40, 80))
        reports.mined(step(1))
    assert capsys.readouterr().err.splitlines() == ["read 40 of 80 files", "mined 1 of 3 classes, 1 stored"]


def test_what_is_quick_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter() as reports:
        reports.indexed(IndexStep(80, 80))
    assert capsys.readouterr().err == ""


def test_a_cache_that_cannot_be_used_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    summary = MineSummary((), 0, 12.0, 1.5, "disk full", "landlock")
    as_table(summary)
    text = capsys.readouterr().out
    assert text.count("disk full") == 1
    assert "12.0 s, 1.5 s of them for reading" in text
    assert '"cache_problem": "disk full"' in as_json(summary)


def test_packages_whose_code_was_used_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    as_table(MineSummary((), 0, 12.0, 1.5, "", "landlock", ("torchvision 0.29.2",)))
    assert "hold what they use of torchvision 0.29.2" in capsys.readouterr().out
