"""What a sandbox that was killed left on the machine is gone when the next one has started; what lives is let alone."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archgraft.sandbox.protocol import SandboxError
from archgraft.sandbox.scratch import _UNFINISHED, MARK, PREFIX, Scratch, reap

OWNER = """
import sys, time
from archgraft.sandbox.scratch import Scratch
scratch = Scratch()
(scratch.folder / "job-1").mkdir()
(scratch.folder / "job-1" / "file").write_text("of a job")
print(scratch.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def owner() -> Iterator["subprocess.Popen[str]"]:
    """A process that has made a scratch folder; it prints which."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def folder_of(owner: "subprocess.Popen[str]") -> Path:
    assert owner.stdout is not None
    return Path(owner.stdout.readline().strip())


def test_the_folder_of_a_killed_owner_is_removed_by_the_next_one(owner: "subprocess.Popen[str]") -> None:
    folder = folder_of(owner)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert (folder / "job-1" / "file").exists()
    scratch = Scratch()
    assert not folder.exists()
    assert scratch.folder.exists()
    scratch.remove()
    scratch.remove()
    assert not scratch.folder.exists()


def test_the_folder_of_a_living_owner_is_let_alone(owner: "subprocess.Popen[str]", temporary: Path) -> None:
    folder, own = folder_of(owner), Scratch()
    assert reap(temporary) == []
    assert (folder / "job-1" / "file").exists()
    assert own.folder.exists()
    own.remove()


def test_a_process_that_still_names_an_abandoned_folder_is_killed(
    owner: "subprocess.Popen[str]", temporary: Path
) -> None:
    folder = folder_of(owner)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    idle = [sys.executable, "-c", "import time; time.sleep(600)"]
    orphan, other = (subprocess.Popen([*idle, f'{{"scratch": "{name}"}}']) for name in (folder, f"{folder}2"))
    assert reap(temporary) == [folder]
    assert orphan.wait(20) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("mark", [None, b"another-machine"])
def test_a_folder_that_may_be_anybody_elses_is_let_alone(mark: bytes | None, temporary: Path) -> None:
    folder = temporary / f"{PREFIX}theirs"
    folder.mkdir()
    if mark is not None:
        (folder / MARK).write_bytes(mark)
    (temporary / f"{PREFIX}link").symlink_to(temporary)
    assert reap(temporary) == []
    assert folder.exists()


def test_no_room_for_temporary_files_is_a_broken_sandbox(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(SandboxError, match="no folder for temporary files can be made"):
        Scratch()


def test_a_zygote_that_is_busy_with_imports_ends_with_its_supervisor() -> None:
    busy = (
        "import socket, sys\n"
        "from archgraft.sandbox.zygote import ended_by_hang_up\n"
        "control = socket.socket(fileno=int(sys.argv[1]))\n"
        "with ended_by_hang_up(control):\n"
        "    print('busy', flush=True)\n"
        "    while True: pass\n"
    )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", busy, str(theirs.fileno())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=(theirs.fileno(),)) as process:
        theirs.close()
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        ours.close()
        assert process.wait(30) == -signal.SIGIO


def test_a_folder_whose_maker_was_killed_before_it_was_marked_goes_after_a_while(temporary: Path) -> None:
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=temporary))
    reap(temporary)
    assert made.exists()  # it may be made this very moment
    os.utime(made, (0, 0))
    reap(temporary)
    assert not made.exists()


def test_canaries_killed_midway_leave_what_the_next_sandbox_removes(temporary: Path) -> None:
    canaries = "from archgraft.sandbox.canaries import check; check(lambda job, limits: __import__('os')._exit(0))"
    subprocess.run([sys.executable, "-c", canaries], check=True)
    assert any(temporary.rglob("secret"))
    reap(temporary)
    assert list(temporary.iterdir()) == []
