"""A source without module classes: said with what was read, and what may be missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from archgraft.agent.cli import application
from archgraft.agent.nothing_to_mine import explain_nothing
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tools"
    place.mkdir()
    (place / "a.py").write_text("import lightning as L\n\n\nclass A(L.LightningModule): ...\n")
    (place / "b.py").write_text("import abc\n\n\nclass B(abc.ABC): ...\n\n\nclass C: ...\n")
    (place / "bad.py").write_text("print 1\n")
    return place


def test_the_message_counts_what_was_read_and_names_packages_that_may_be_missing(folder: Path) -> None:
    root = SourceRoot("tools", "2", "MIT", folder, None)
    message = explain_nothing(SourceIndex.build([root]), [root])
    assert message.startswith("no class in tools 2 inherits from torch.nn.Module: 2 Python files were read, with 3 ")
    assert f"1 can't be read ({folder / 'bad.py'}: syntax error in line 1: Missing parentheses" in message
    assert message.endswith("base classes come from lightning: mine these along, in case they are modules there")


def test_mining_nothing_is_the_users_to_mend(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHGRAFT_CACHE", str(tmp_path / "cache"))
    command = ["mine", str(folder), "--library", str(tmp_path / "library.sqlite")]
    done = CliRunner().invoke(application(("mine",)), command)
    assert done.exit_code == 2
    assert "inherits from torch.nn.Module" in done.stderr
    assert "Traceback" not in done.stderr
