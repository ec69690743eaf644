"""Files appear whole or not at all, and what killed writers left goes."""

import os
import time
from pathlib import Path

import pytest

from archgraft.agent import whole_file
from archgraft.agent.refactoring import writing
from archgraft.agent.whole_file import write_whole


class KilledError(BaseException):
    """Stands for the end of a process."""


def killed_while_writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a writer leaves that gets as far as its temporary file."""

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", die)
        with pytest.raises(KilledError):
            writing.write_bytes(path, b"half")
    [left] = path.parent.glob(f".*{writing.UNFINISHED}")
    return left


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "best[1].py"
    left = killed_while_writing(path, monkeypatch)
    os.utime(left, (0, time.time() - whole_file._STALE_SECONDS - 1))
    write_whole(path, b"whole")
    assert [one.name for one in tmp_path.iterdir()] == ["best[1].py"]


def test_what_somebody_writes_now_and_files_of_others_are_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, editors = tmp_path / "best.py", tmp_path / ".best.py.swp"
    editors.touch()
    os.utime(editors, (0, 0))
    left = killed_while_writing(path, monkeypatch)
    write_whole(path, b"whole")
    assert left.exists()
    assert editors.exists()
