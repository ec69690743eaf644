"""What the canaries of every system try, from inside."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

REFUSALS = (errno.EPERM, errno.ENOSYS)


def files_are_closed(folder: Path, secret: Path) -> bool:
    """Whether this job may write to its scratch, and neither read nor change a file that anybody else may."""
    Path("own").write_text("the scratch must be open")
    attempts = (
        secret.read_bytes,
        lambda: os.listdir(folder),  # noqa: PTH208 - the plain call
        lambda: secret.open("r+b").close(),
        lambda: os.close(os.open(folder / "new", os.O_CREAT | os.O_WRONLY)),
        lambda: os.truncate(secret, 0),
        lambda: secret.rename(folder / "renamed"),
        secret.unlink,
    )
    return all(fails(attempt) for attempt in attempts)


def fails(attempt: Callable[[], object]) -> bool:
    """Whether the system refused."""
    try:
        attempt()
    except OSError:
        return True
    return False


def is_refused(attempt: Callable[[], object]) -> bool:
    """Whether the kernel refused the call itself; what it says to a call that it made is another error, or none."""
    try:
        attempt()
    except OSError as error:
        return error.errno in REFUSALS
    return False


def start_process() -> None:
    """Raises `OSError` where no process may be started."""
    if os.fork() == 0:
        os._exit(0)


def reaches(port: int) -> bool:
    """Whether a server of this machine, at a port of the loopback address, can be reached."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0):
            return True
    except OSError:
        return False
