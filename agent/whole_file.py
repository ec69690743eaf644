"""Files that appear whole or not at all, and what to tell when the machine won't have them."""

import errno
import time
from contextlib import suppress
from pathlib import Path

from archgraft.agent.disk_room import full_disk
from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.writing import write_bytes

_STALE_SECONDS = 3600.0


def write_whole(path: Path, content: bytes) -> Path:
    """Write one file; what was there before stays until the new one is on the disk. Returns its path.

    Raises `UsageError` when it can't be written.
    """
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


def remove_stale(path: Path) -> None:
    """Remove what processes that were killed while they wrote this file left; not what one may be writing now."""
    for partial in path.parent.glob(f".{path.name}.*"):
        with suppress(FileNotFoundError):  # another process is tidying as well
            if time.time() - partial.stat().st_mtime > _STALE_SECONDS:
                partial.unlink()
