"""A world of their own for the zygote's children: no network, no other processes, no writable file system.

The zygote enters once, before it imports anything; its children cost nothing more. The zygote itself stays among the
host's processes, so that the supervisor knows its children by their numbers; its children are numbered by a first
process of their own (`init`), whose death is the death of all.
"""

import contextlib
import faulthandler
import os
import resource
import signal
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archgraft.sandbox.layers import kernel

NEW_MOUNTS = 0x00020000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000
NEW_NETWORK = 0x40000000
WORLD = NEW_MOUNTS | NEW_UTS | NEW_IPC | NEW_PIDS | NEW_NETWORK
WHOLE = (WORLD, NEW_USER | WORLD)
NETWORK_ONLY = (NEW_NETWORK, NEW_USER | NEW_NETWORK)
INSIDE_BUBBLEWRAP = (NEW_MOUNTS | NEW_PIDS, NEW_USER | NEW_MOUNTS | NEW_PIDS)
"""What is left to do when bubblewrap has made the others."""

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2
MOUNT_SETATTR = 442
AT_FDCWD = -100 & (2**64 - 1)
AT_RECURSIVE = 0x8000
MOUNT_ATTR_READ_ONLY, MOUNT_ATTR_NOSUID = 1, 2
MAX_FILES = 10_000
"""Files and folders in one job's scratch."""


@dataclass(frozen=True, slots=True)
class World:
    """What the zygote has entered."""

    flags: int = 0
    init_pid: int | None = None
    """The first process of the children's numbering, by the host's numbers."""

    @property
    def has_mounts(self) -> bool:
        """Whether file systems can be mounted that nobody else sees."""
        return bool(self.flags & NEW_MOUNTS)


def enter(choices: Sequence[int]) -> World | None:
    """Enter the first of these combinations that the machine allows; None when it allows none. Call with one thread.

    A failed attempt can leave a process half-way, so each is first made in a throwaway one.
    """
    for flags in choices:
        if works_in_throwaway(lambda: _enter(flags)):  # noqa: B023 - called at once
            return _enter(flags)
    return None


def works_in_throwaway(attempt: Callable[[], object]) -> bool:
    """Whether a forked copy of this process gets through the attempt."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            attempt()
            status = 0
        finally:
            os._exit(status)  # whatever was raised must not get into the copy of our caller
    return os.waitpid(pid, 0)[1] == 0


def _enter(flags: int) -> World:
    enter_new(flags)
    if flags & NEW_MOUNTS:
        kernel.call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        _set_attributes(b"/", AT_RECURSIVE, add=MOUNT_ATTR_READ_ONLY | MOUNT_ATTR_NOSUID)
        _set_attributes(b"/proc", 0, remove=MOUNT_ATTR_READ_ONLY)
    return World(flags, _start_init() if flags & NEW_PIDS else None)


def enter_new(flags: int) -> None:
    """Leave the namespaces of these kinds for new ones, the same user and group inside as outside. Raises `OSError`."""
    uid, gid = os.getuid(), os.getgid()
    kernel.call("unshare", flags)
    if flags & NEW_USER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _set_attributes(path: bytes, how: int, *, add: int = 0, remove: int = 0) -> None:
    attributes = struct.pack("=QQQQ", add, remove, 0, 0)
    kernel.system_call("mount_setattr", MOUNT_SETATTR, AT_FDCWD, path, how, attributes, len(attributes))


def _start_init() -> int:
    """The first process of the new numbering: it adopts orphans, reaps them, and does nothing else."""
    pid = os.fork()
    if pid == 0:
        try:
            kernel.die_with_parent(0)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then reaps what is adopted
            os.closerange(0, os.sysconf("SC_OPEN_MAX"))
            while True:
                signal.pause()
        finally:
            os._exit(1)
    return pid


def go_on_apart(flags: int, parent_pid: int) -> None:
    """Go on as a copy of this process in new namespaces, which are gone with it. Raises `OSError`.

    This process stays behind and ends as its copy does.
    """
    enter_new(flags)
    kernel.die_with_parent(parent_pid)
    _start_init()
    if (pid := os.fork()) != 0:
        _end_like(pid)


def _end_like(pid: int) -> None:
    """Wait for a child, and end with its code or by its signal. Never returns."""
    try:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code >= 0:
            os._exit(code)
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    finally:
        os._exit(1)


def mount_scratch(folder: Path, file_bytes: int, owner: int, *, maps_code: bool = False) -> None:
    """Lay a small file system in memory over a job's folder: when it is full, it is full. Raises `OSError`.

    `maps_code` is for a job that loads the libraries that it compiles; Landlock still lets it start nothing from there.
    """
    options = f"size={file_bytes},nr_inodes={MAX_FILES},mode=0700,uid={owner},gid={owner}"
    flags = MS_NOSUID | MS_NODEV | (0 if maps_code else MS_NOEXEC)
    kernel.call("mount", b"scratch", os.fsencode(folder), b"tmpfs", flags, options.encode())


def unmount_scratch(folder: Path) -> None:
    """Free what `mount_scratch` made; the supervisor may have removed the folder, and with it the mount."""
    with contextlib.suppress(OSError):
        kernel.call("umount2", os.fsencode(folder), MNT_DETACH)
