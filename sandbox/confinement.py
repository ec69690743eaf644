"""What a process takes away from itself, by system calls that Python 3.11 doesn't wrap."""

import ctypes
import math
import os
import resource
import signal
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 2
MAX_OPEN_FILES = 256

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*map(ctypes.c_ulong, arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process when its parent's thread ends, and end now when it already has."""
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none escapes."""
    _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_network() -> bool:
    """Move this process to an empty network namespace, in a user namespace of its own when that is needed.

    A failed attempt can leave a process half-way, so each is first tried in a throwaway one. False when the machine
    allows neither. Call while the process has one thread.
    """
    for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET):
        if _in_throwaway(flags):
            _unshare(flags)
            return True
    return False


def _unshare(flags: int) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", flags)
    if flags & CLONE_NEWUSER:
        # The same ids inside as outside: files stay readable to their owner.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _in_throwaway(flags: int) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            _unshare(flags)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def drop_privileges() -> None:
    """Give up for good whatever root could do, except to read files.

    A child of root keeps the right to read a repository or virtual environment that belongs to somebody else.
    """
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    permitted = _permitted_capabilities()
    if not permitted:
        return
    for capability in range(permitted.bit_length()):
        if capability != CAP_DAC_READ_SEARCH:
            _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    kept = permitted & (1 << CAP_DAC_READ_SEARCH)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable; low half, then high
    if _libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")


def _permitted_capabilities() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:"))


def limit_resources(cpu_seconds: float, memory_bytes: int, file_bytes: int) -> None:
    """Set the kernel's limits. Memory counts from what this process already has (copied from the zygote)."""
    cpu = max(1, math.ceil(cpu_seconds))
    data = _data_bytes() + memory_bytes
    # RLIMIT_DATA, not RLIMIT_AS: CUDA reserves far more addresses than it ever uses.
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_DATA: (data, data),
        resource.RLIMIT_FSIZE: (file_bytes, file_bytes),
        resource.RLIMIT_NOFILE: (MAX_OPEN_FILES, MAX_OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))


def _data_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
