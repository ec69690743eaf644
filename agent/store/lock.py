"""One search at a time works on a run."""

import os
import socket
import time
from pathlib import Path
from typing import TextIO

from archgraft.agent.errors import UsageError

LOCK_NAME = "LOCK"


class RunLock:
    """Held while a search runs; the system frees it when the process dies, however it dies.

    `flock` belongs to the open file, which the sandbox's processes don't inherit, so that an orphaned child can't keep
    a killed run locked. What gets past it (a lock file that somebody deleted, a network folder that two machines lock
    each for itself) is stopped by the store at its next write: see `guards.refuse_outlived`.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises `UsageError` when another search holds it, or nobody can; `OSError` for the file."""
        self._file = (folder / LOCK_NAME).open("a+", encoding="utf-8")
        try:
            self._take(folder)
        except BaseException:
            self._file.close()
            raise

    def _take(self, folder: Path) -> None:
        try:
            _lock(self._file)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            raise UsageError(
                f"{folder}: another search works on this run (process {holder}). "
                "Wait for it or stop it, or choose another --out."
            ) from error
        except OSError as error:
            raise UsageError(
                f"{folder}: this file system has no locks ({error.strerror}), without which two searches could work on "
                "one run. Choose an --out on a local disk; a finished run may be kept anywhere."
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()} on {socket.gethostname()}")
        self._file.flush()

    @property
    def held(self) -> bool:
        """Whether this process still has it."""
        return not self._file.closed

    def release(self) -> None:
        """Give the lock back. Safe to call twice."""
        self._file.close()


def _lock(file: TextIO) -> None:
    """Try for half a second: `is_locked` holds the lock for an instant when it looks."""
    import fcntl

    for _ in range(5):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_locked(folder: Path) -> bool:
    """Whether a search works on the run at this moment, as far as can be seen.

    None does on Windows, which has no sandbox to search with.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        return False
    try:
        with (folder / LOCK_NAME).open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
