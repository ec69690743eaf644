"""`archgraft refactor` as one types it; what it works out is tested in tests/agent/refactoring."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from archgraft.agent.cli import application
from archgraft.agent.cli.boundary import EXIT_NO

NET = (
    b"from torch import nn\r\n\r\n\r\ndef net(): return nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2))\r\n"
)


def refactor(*arguments: str) -> Result:
    return CliRunner().invoke(application(["refactor"]), ["refactor", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_bytes(NET)
    (tmp_path / "plain.py").write_text("class Plain:\n    pass\n")
    return tmp_path


COMMAND = ("net.py:net()", "--at", "1", "--with", "torch.nn:SiLU", "--input", "4")


def test_it_prints_the_patch_alone_and_writes_nothing(folder: Path) -> None:
    done = refactor(*COMMAND)
    assert done.exit_code == 0, done.stderr
    assert done.stdout_bytes.startswith(b"diff --git a/net.py b/net.py\n")
    assert b"+def net(): return nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 2))\r\n" in done.stdout_bytes
    assert "matched: 1 (GELU)" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["net.py", "plain.py"]
    assert (folder / "net.py").read_bytes() == NET


def test_it_writes_the_files_and_which_tensor_became_which(folder: Path) -> None:
    done = refactor(*COMMAND, "--write", "--json")
    assert done.exit_code == 0, done.stderr
    assert (folder / "net.py").read_bytes() == NET.replace(b"GELU", b"SiLU")
    keys = json.loads((folder / "net.py.keys.json").read_text())
    assert [entry["new"] for entry in keys["keys"]] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert json.loads(done.stdout)["likeness"] == keys["likeness"] == "changing"


def test_checking_only_tells_what_would_break(folder: Path) -> None:
    done = refactor("net.py:net()", "--at", "0", "--with", "torch.nn:Linear(4, 9)", "--input", "4", "--check-only")
    assert done.exit_code == EXIT_NO
    assert done.stdout == ""
    assert "because with the arguments that you gave, written as call: it can't be built and run" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--at", "3.x"), "matches nothing in this model: near it are 0, 1, 2"),
        (("--scope", "instanse"), "did you mean instance?"),
        (("--with", "abcdef"), "say which library"),
        (("--with", "torch.nn:Linear(4"), "is not closed"),
        (("--with", "torch.nn:Gelu"), "torch.nn has no Gelu: did you mean GELU?"),
        (("--with", "plain.py:Plain"), "is a class, but no torch.nn.Module"),
        (("--at", ""), "would be the whole model"),
    ],
)
def test_what_can_not_be_used_ends_with_2(folder: Path, arguments: tuple[str, str], told: str) -> None:
    done = (
        refactor(*COMMAND, *arguments) if arguments[0] != "--at" else refactor(*COMMAND[:2], arguments[1], *COMMAND[3:])
    )
    assert done.exit_code == 2, done.stderr
    assert told in done.stderr
