"""System calls that Python doesn't wrap."""

import ctypes
import os
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

Argument = int | bytes | ctypes.Array[ctypes.c_char] | None


def call(name: str, *arguments: Argument) -> int:
    """Call a function of the C library. Raises `OSError` when it gives a negative number."""
    return _checked(name, getattr(_libc, name)(*map(_as_c, arguments)))


def system_call(name: str, number: int, *arguments: Argument) -> int:
    """Call the kernel by number; `name` is for the error. Raises `OSError`."""
    return _checked(name, _libc.syscall(ctypes.c_long(number), *map(_as_c, arguments)))


def _as_c(argument: Argument) -> object:
    return ctypes.c_ulong(argument) if isinstance(argument, int) else argument


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process when its parent ends, and end now when it already has.

    A parent in another process namespace has the number 0 here. A change of user clears the request: ask afterwards.
    """
    import signal

    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() not in (parent_pid, 0):
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none escapes."""
    call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def status_field(name: str) -> str:
    """A line of this process's own `/proc/self/status`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))
