"""The boundary turns every failure into one message and an exit code."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from archgraft.agent.cli import main
from archgraft.agent.cli.boundary import guarded
from archgraft.agent.errors import UsageError
from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.sandbox.protocol import SandboxError
from archgraft.tree_ops.errors import LibraryError, SourceError


def run_raising(error: BaseException) -> Result:
    def command() -> None:
        raise error

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(guarded(command))
    return CliRunner().invoke(app)


@pytest.mark.parametrize("kind", [UsageError, TaskError, SourceError, LibraryError])
def test_an_error_the_user_can_mend_is_one_message_and_code_2(kind: type[Exception]) -> None:
    result = run_raising(kind("no such file: net.py; give FILE:CLASS"))
    assert result.exit_code == 2
    assert result.stderr == "archgraft: no such file: net.py; give FILE:CLASS\n"
    assert result.stdout == ""


def test_a_broken_sandbox_is_code_3_and_says_what_to_do() -> None:
    result = run_raising(SandboxError("the zygote died"))
    assert result.exit_code == 3
    assert "the zygote died" in result.stderr
    assert "archgraft doctor" in result.stderr


def test_an_interrupt_is_a_clean_line_and_code_130() -> None:
    result = run_raising(KeyboardInterrupt())
    assert result.exit_code == 130
    assert result.stderr == "archgraft: interrupted\n"


def test_a_defect_is_code_1_and_its_traceback_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    result = run_raising(ZeroDivisionError("division by zero"))
    assert result.exit_code == 1
    [saved] = tmp_path.iterdir()
    assert str(saved) in result.stderr
    assert "Traceback (most recent call last)" not in result.stderr
    assert "Traceback (most recent call last)" in saved.read_text()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EIO, errno.ENAMETOOLONG])
def test_what_the_machine_refuses_is_mendable_and_names_the_place(number: int) -> None:
    result = run_raising(OSError(number, os.strerror(number), "runs/first"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"archgraft: runs/first: {os.strerror(number)}: ")


def test_a_full_disk_names_the_place_and_the_room_that_is_left() -> None:
    result = run_raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/first"))
    assert result.exit_code == 2
    assert result.stderr.startswith("archgraft: runs/first: the disk is full: ")
    assert "iB free in " in result.stderr


def test_a_traceback_that_can_not_be_saved_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "gone"))
    result = run_raising(ZeroDivisionError("division by zero"))
    assert result.exit_code == 1
    assert "could not be saved (No such file or directory)" in result.stderr
    assert "Traceback (most recent call last)" in result.stderr


def test_a_message_never_commands_the_terminal() -> None:
    result = run_raising(SourceError("bad\x1b[2J.py can't be read"))
    assert result.stderr == "archgraft: bad\\x1b[2J.py can't be read\n"


def test_a_reader_that_goes_away_is_no_defect() -> None:
    result = run_raising(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert result.exit_code == 1
    assert "defect" not in result.stderr


def test_a_wrong_option_is_code_2() -> None:
    def command(count: int) -> None:
        typer.echo(count)

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(guarded(command))
    assert CliRunner().invoke(app, ["many"]).exit_code == 2


def test_a_command_keeps_its_own_exit_code() -> None:
    assert run_raising(typer.Exit(7)).exit_code == 7


def test_a_guarded_command_keeps_its_help_and_options() -> None:
    def command(count: int = 3) -> None:
        """Counts sheep."""

    app = typer.Typer()
    guard: Callable[..., None] = guarded(command)
    app.command()(guard)
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert "Counts sheep." in shown
    assert "--count" in shown


def test_an_interrupt_while_a_command_is_being_imported_is_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    with pytest.raises(SystemExit) as end:
        main(["mine", "somewhere"])
    assert end.value.code == 130
    assert capsys.readouterr().err == "archgraft: interrupted\n"
