"""Files that appear whole or not at all, and what to tell when the machine won't have them."""

import errno
import glob
import time
from contextlib import suppress
from pathlib import Path

from archgraft.agent.disk_room import full_disk
from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.writing import UNFINISHED, write_bytes

_STALE_SECONDS = 10.0
"""A writer that has not touched its unfinished file for so long was killed."""


def write_whole(path: Path, content: bytes) -> Path:
    """Write one file; what was there before stays until the new one is on the disk. Returns its path.

    What processes that were killed while they wrote this file left is removed. Raises `UsageError` when the file can't
    be written.
    """
    _remove_stale(path)
    try:
        write_bytes(path, content)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def unwritable(path: Path, error: OSError) -> UsageError:
    """What to raise when a file can't be written: what is wrong, where, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UsageError(full_disk(path))
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return UsageError(
            f"{path}: its folder was deleted or moved meanwhile. Put it back, then run the same command again."
        )
    return UsageError(
        f"{path}: can't be written ({error.strerror}). Make its folder writable, then run the same command again."
    )


def _remove_stale(path: Path) -> None:
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        with suppress(FileNotFoundError):  # another process is tidying as well
            if time.time() - partial.stat().st_mtime > _STALE_SECONDS:
                partial.unlink()
