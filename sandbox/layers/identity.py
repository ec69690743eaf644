"""Who a job is: an unprivileged user of its own where the sandbox runs as root, and no capability in any case."""

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from archgraft.sandbox.layers import kernel
from archgraft.sandbox.layers.namespaces import works_in_throwaway

CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 2
NOBODYS_FIRST_UID = 0x5000_0000
"""Far above what distributions, directory services and containers' ranges hand out."""
N_NOBODIES = 0x1000_0000
SMALL_RANGE_FIRST_UID = 61_184
"""Where only 65,536 ids are mapped: what systemd keeps for users that exist while a service runs."""
N_SMALL_RANGE = 4_000


def own_uid_for(number: int) -> int:
    """A user that nobody else on the machine is: one a job, so that RLIMIT_NPROC counts for each job alone."""
    if _largest_uid() >= NOBODYS_FIRST_UID + N_NOBODIES:
        return NOBODYS_FIRST_UID + number % N_NOBODIES
    return SMALL_RANGE_FIRST_UID + number % N_SMALL_RANGE


def _largest_uid() -> int:
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return max(int(first) + int(length) - 1 for first, _, length in ranges)


def become(uid: int | None, must_read: Sequence[Path], *, programs: bool = False) -> None:
    """Give up every capability, and with `uid` be that user from now on. Raises `OSError`.

    A job of root that could not read `must_read` otherwise (an installation under root's home, a repository of somebody
    else's) keeps the right to read, where root has it; Landlock then says what. With `programs`, those that it starts
    keep it, too.
    """
    permitted = permitted_capabilities()
    was_root = os.getuid() == 0
    if uid is not None:
        kernel.call("prctl", kernel.PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if permitted:
        unreadable = uid is None or not all(os.access(path, os.R_OK | os.X_OK) for path in must_read)
        kept = permitted & 1 << CAP_DAC_READ_SEARCH if was_root and unreadable else 0
        keep(kept, inherited=programs)
        if programs and kept:
            kernel.call("prctl", kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)
    kernel.call("prctl", kernel.PR_SET_DUMPABLE, 1, 0, 0, 0)  # /proc/self stays its own: CUDA names threads there


def permitted_capabilities() -> int:
    """The capabilities of this process, as a set of bits."""
    sets = (ctypes.c_uint32 * 6)()
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    kernel.call("capget", ctypes.addressof(header), ctypes.addressof(sets))
    return int(sets[1]) | int(sets[4]) << 32


def look_into(folders: Sequence[Path]) -> None:
    """Raises `OSError` when this process can't read one of the folders."""
    for folder in folders:
        os.scandir(folder).close()


@cache
def somebody_can_read(folder: Path) -> bool:
    """Whether a job that is a user of its own could read a folder (a repository under a closed home, say). For root."""
    if permitted_capabilities() & 1 << CAP_DAC_READ_SEARCH:
        return True

    def attempt() -> None:
        become(own_uid_for(os.getpid()), [folder])
        look_into([folder])

    return works_in_throwaway(attempt)


def keep(capabilities: int, *, inherited: bool = False) -> None:
    """Give up all capabilities but these, as a set of bits, which programs may then inherit. Raises `OSError`."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    low, high = capabilities & 0xFFFFFFFF, capabilities >> 32
    passed_low, passed_high = (low, high) if inherited else (0, 0)
    # Effective, permitted, inheritable; twice.
    sets = (ctypes.c_uint32 * 6)(low, low, passed_low, high, high, passed_high)
    kernel.call("capset", ctypes.addressof(header), ctypes.addressof(sets))
