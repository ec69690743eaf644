"""A job's control group, from within: the child joins it first of all, before it confines itself.

The groups themselves are made outside, where the kernel's files can be written (`sandbox/control_groups.py`).
"""

import mmap
import os
import signal
from collections.abc import Sequence

TRIAL_BYTES = 16 * 2**20
"""The limit of the group in which `holds_here` tries to take more."""


def join(entries: Sequence[int]) -> None:
    """Become a member, by descriptors of each hierarchy's `cgroup.procs`. Raises `OSError`."""
    for entry in entries:
        os.write(entry, b"0")


def holds_here(entries: Sequence[int]) -> bool:
    """Whether the kernel kills a throwaway process that takes more than `TRIAL_BYTES`, in a group with that limit.

    It takes shared memory, which no other limit counts. Call with one thread.
    """
    if not entries:
        return False
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            join(entries)
            area = mmap.mmap(-1, 2 * TRIAL_BYTES)
            for place in range(0, len(area), mmap.PAGESIZE):
                area[place] = 1
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
