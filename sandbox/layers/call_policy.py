"""Which system calls a job may not make, and why.

A list of what is denied, not of what is allowed: torch, CUDA and the C library call whatever they like, and what
reaches beyond the job is a short list. Calls newer than the list don't exist for a job. Sources: the kernel's own
manual pages, the default profiles of Docker and systemd, and the attacks in tests/sandbox/attacks.
"""

import errno
from dataclasses import dataclass

from archgraft.sandbox.layers.bpf import Rule, Test

REFUSED = {
    "network": "socket socketpair connect bind listen accept accept4 sendmsg sendmmsg",
    "starting programs": "fork vfork execve execveat",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_open "
    "pidfd_getfd pidfd_send_signal kcmp migrate_pages move_pages tkill rt_sigqueueinfo rt_tgsigqueueinfo "
    "sched_setparam sched_setscheduler sched_setattr ioprio_set setpgid setsid",
    "what files are": "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat "
    "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr truncate",
    "files of other kinds": "link linkat symlink symlinkat mknod mknodat memfd_create memfd_secret name_to_handle_at "
    "open_by_handle_at",
    "watching and flushing the disk": "fanotify_init fanotify_mark inotify_init inotify_init1 inotify_add_watch sync "
    "syncfs",
    "shared memory and queues": "shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl "
    "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
    "namespaces and mounts": "mount umount2 pivot_root chroot unshare setns open_tree open_tree_attr move_mount fsopen "
    "fsconfig fsmount fspick mount_setattr statmount listmount",
    "privileges": "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset",
    "the kernel's wider doors": "bpf perf_event_open userfaultfd keyctl add_key request_key io_uring_setup "
    "io_uring_enter io_uring_register modify_ldt iopl ioperm lookup_dcookie nfsservctl uselib ustat sysfs "
    "lsm_set_self_attr",
    "the machine": "swapon swapoff reboot kexec_load kexec_file_load init_module finit_module delete_module acct "
    "quotactl quotactl_fd settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname syslog vhangup",
}
ABSENT = ("clone3", "openat2")
"""Their arguments lie in memory, where a filter can't look; the C library then falls back on the older call."""

CLONE_THREAD = 0x00010000
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET and TIME
NO_FORK = Test(0, (0,), mask=CLONE_THREAD)
NO_NAMESPACE = Test(0, (0,), mask=NEW_NAMESPACES, among=False)
FORKS = frozenset({"fork", "vfork"})
PROGRAMS = frozenset({"execve", "execveat"})
GROUPS = (Test(0, (0,)), Test(0, (0,), mask=0x80000000, among=False))
"""Process 0 is the caller's group, and negative ones are other groups, or all."""
O_TRUNC = 0o1000
MAP_GROWSDOWN = 0x100
MAP_ANONYMOUS, MAP_SHARED, MAP_SHARED_VALIDATE, MAP_TYPE = 0x20, 0x01, 0x03, 0x0F
AS_STACK = Test(3, (MAP_GROWSDOWN,), mask=MAP_GROWSDOWN)
"""Memory that is said to be a stack counts in no limit on data; no library maps its stacks like this."""

HARMLESS_PRCTL = (3, 15, 16, 21, 23, 25, 26, 38, 39, 41, 42, 0x53564D41)
"""Get dumpable, set and get name, get seccomp, read bounding set, get and set TSC, no-new-privileges, huge pages,
naming of memory areas. The others undo what confines a job (PDEATHSIG, DUMPABLE, PTRACER, MM and the like)."""
OUTREACHING_FCNTL = (8, 10, 15, 1031, 1033)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX send signals to others; F_SETPIPE_SZ takes kernel memory; F_ADD_SEALS."""
OUTREACHING_IOCTL = (0x8901, 0x8902, 0x5412, 0x541C, 0x5452, 0x40086602, 0x401C5820)
"""FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX, FIOASYNC, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What the rules depend on: the machine, and the job."""

    refuse_truncation: bool = False
    """For kernels whose Landlock lets a read-only file be emptied."""
    refuse_shared_memory: bool = True
    """Anonymous shared memory counts in no limit of the kernel, and stays in use when its pages are given up."""
    forks: bool = False
    """For a job that runs parts of its work in processes of its own; other programs stay closed to it."""
    programs: bool = False
    """For one of those that may start programs; which ones, says Landlock."""
    may_signal: bool = False
    """Such a job may end its processes, where another layer keeps its signals away from all others."""


def policy(own_pid: int, needs: Needs) -> list[Rule]:
    """The rules for one process."""
    own = (0, own_pid)
    granted = (FORKS if needs.forks else frozenset()) | (PROGRAMS if needs.programs else frozenset())
    rules = [Rule(name) for name in " ".join(REFUSED.values()).split() if name not in granted]
    rules += [Rule(name, error=errno.ENOSYS) for name in ABSENT]
    rules += [
        Rule("clone", (NO_FORK, NO_NAMESPACE) if not needs.forks else (NO_NAMESPACE,)),
        *_signals(own_pid, needs),
        Rule("prlimit64", (Test(0, own, among=False),)),
        Rule("setpriority", (Test(1, own, among=False),)),
        Rule("sched_setaffinity", (Test(0, own, among=False),)),
        Rule("prctl", (Test(0, HARMLESS_PRCTL, among=False),)),
        Rule("personality", (Test(0, (0xFFFFFFFF,), among=False),)),
        Rule("fcntl", (Test(1, OUTREACHING_FCNTL),)),
        Rule("ioctl", (Test(1, OUTREACHING_IOCTL),)),
    ]
    if needs.refuse_truncation:
        truncates = {"open": 1, "openat": 2}
        rules += [Rule(name, (Test(place, (O_TRUNC,), mask=O_TRUNC),)) for name, place in truncates.items()]
        rules.append(Rule("creat"))
    if needs.refuse_shared_memory:
        shared = (MAP_ANONYMOUS | MAP_SHARED, MAP_ANONYMOUS | MAP_SHARED_VALIDATE)
        uncounted = (Test(3, shared, mask=MAP_ANONYMOUS | MAP_TYPE), AS_STACK)
        rules.append(Rule("mmap", uncounted, error=errno.ENOMEM))
    else:
        rules.append(Rule("mmap", (AS_STACK,), error=errno.ENOMEM))
    return rules


def _signals(own_pid: int, needs: Needs) -> list[Rule]:
    """To itself; or to single processes, where another layer sees to whose."""
    if needs.forks and needs.may_signal:
        return [Rule("kill", GROUPS)]
    return [Rule(name, (Test(0, (own_pid,), among=False),)) for name in ("kill", "tgkill")]
