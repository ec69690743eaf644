"""The folder that one zygote and its jobs may write to, and what is left of those whose owners were killed.

A supervisor that is killed leaves its zygote to clean up; where that was killed as well (by the system, for want of
memory, or with its whole container), the folder stays, and perhaps a job. So each folder has a mark that its owner
holds locked for as long as it lives: the next sandbox to start finds the marks that nobody holds. A process that still
names such a folder in its command line is a zygote, or a job that it forked.
"""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archgraft.sandbox.protocol import SandboxError

PREFIX = "archgraft-scratch-"
MARK = ".owner"
_UNFINISHED = "archgraft-new-"
"""How a folder is called until its mark is held: whoever looks for abandoned ones must not find it before."""
_PATIENCE_SECONDS = 1.0
_MAKING_SECONDS = 60.0
"""Whoever takes longer to hold a new folder's mark was killed between the two."""


class Scratch:
    """A folder of one's own. Making one reaps what dead owners left. Raises `SandboxError` when none can be made."""

    def __init__(self) -> None:
        try:
            place = Path(tempfile.gettempdir()).resolve()
            reap(place)
            made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place))
            self._mark: int | None = os.open(made / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.write(self._mark, _host())
            _hold(self._mark)
            made.chmod(0o711)  # jobs may be users of their own; each has a folder in it
            self.folder = made.rename(place / made.name.replace(_UNFINISHED, PREFIX))
        except OSError as error:
            raise SandboxError(
                f"no folder for temporary files can be made ({error.strerror}): free some space there, or set TMPDIR "
                "to a folder with room"
            ) from error

    def remove(self) -> None:
        """Remove the folder with all that is in it. Safe to call twice."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for as long as it takes; also removed, by the next sandbox, when this process is killed meanwhile."""
    scratch = Scratch()
    try:
        yield scratch.folder
    finally:
        scratch.remove()


def reap(place: Path) -> list[Path]:
    """Kill and remove what dead owners left in a folder for temporary files. Returns the folders that were removed."""
    for folder in place.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and time.time() - folder.stat().st_mtime > _MAKING_SECONDS:
                shutil.rmtree(folder)
    return [folder for folder in sorted(place.glob(f"{PREFIX}*")) if _reaped(folder)]


def _reaped(folder: Path) -> bool:
    with suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / MARK).open("r+b") as mark:
            if mark.read() != _host() or not _hold(mark.fileno()):
                return False
            _kill_all(folder)
            shutil.rmtree(folder, ignore_errors=True)
            return not folder.exists()
    return False


def _host() -> bytes:
    """Whose processes can be seen from here: another machine's may be at work in a folder on the network."""
    return socket.gethostname().encode()


def _hold(mark: int) -> bool:
    """Lock a mark. A file system without locks tells nothing: then nothing is reaped."""
    import fcntl  # not on Windows, where the doctor works all the same

    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _kill_all(folder: Path) -> None:
    """Kill every process that names the folder, and wait a little for the last one to be gone."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (pids := list(_naming(folder))) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _naming(folder: Path) -> Iterator[int]:
    """Zygotes of this folder, and the jobs that they forked: they have the command line of their zygote."""
    name = f'"{folder.resolve()}"'.encode()  # as the zygote's setup is written
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and name in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                yield int(entry.name)
