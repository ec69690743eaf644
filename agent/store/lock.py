"""One search at a time works on a run."""

import os
import time
from pathlib import Path
from typing import TextIO

from archgraft.agent.errors import UsageError

LOCK_NAME = "LOCK"


class RunLock:
    """Held while a search runs; the system frees it when the process dies, however it dies.

    `flock` belongs to the open file, which the sandbox's processes don't inherit, so that an orphaned child can't keep
    a killed run locked.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises `UsageError` when another search holds it."""
        self._file = (folder / LOCK_NAME).open("a+", encoding="utf-8")
        try:
            _lock(self._file)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise UsageError(
                f"{folder}: another search works on this run (process {holder}). "
                "Wait for it or stop it, or choose another --out."
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
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
    """Whether a search works on the run at this moment. None does on Windows, which has no sandbox to search with."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return False
    try:
        with (folder / LOCK_NAME).open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
