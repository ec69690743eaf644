"""The canaries themselves: each tries to get past one layer, in a child that is thrown away."""

import contextlib
import errno
import os
import resource
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.sandbox.attempts import files_are_closed, is_refused, reaches, start_process
from archgraft.sandbox.canaries import LIMITS
from archgraft.sandbox.environment import INHERITED_VARIABLES
from archgraft.sandbox.layers.kernel import call, status_field, system_call
from archgraft.sandbox.layers.syscall_numbers import number_of
from archgraft.sandbox.protocol import Channel, Message

CAP_DAC_READ_SEARCH_ONLY = 1 << 2
NO_SUCH_PID = 2**22 - 1
FEW_THREADS, TOO_MANY_THREADS = 6, 24
SMALL_STACK_BYTES = 2**16
PTRACE_ATTACH = 16


def try_layers(channel: Channel) -> Message:
    """Entry point: tries each layer from inside and says which held."""
    given: Mapping[str, Any] = channel.request.header
    return Message(
        {
            "process group": os.getpgid(0) == os.getpid() == os.getsid(0),
            "environment": not INHERITED_VARIABLES & set(given["foreign_variables"]),
            "descriptors": _n_descriptors() <= 4,
            "memory limit": _memory_is_limited(),
            "privileges": _privileges_are_dropped(),
            "files": files_are_closed(Path(given["folder"]), Path(given["secret"])),
            "system calls": all(map(is_refused, (start_process, _connect, _attach, _ring, _unshare, _chmod, _kill))),
            "network": not reaches(given["port"]),
            "namespaces": _is_elsewhere(given["namespaces"]) and _is_read_only(Path(given["secret"])),
            "own user": os.getuid() != 0,
            "threads": _threads_are_counted(),  # last: it lowers a limit
        }
    )


def _n_descriptors() -> int:
    names = os.listdir("/proc/self/fd")  # noqa: PTH208 - only counted
    return len(names) - 1  # listing opens one


def _memory_is_limited() -> bool:
    try:
        np.empty(2 * LIMITS.memory_bytes, np.uint8)
    except MemoryError:
        return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    return False


def _privileges_are_dropped() -> bool:
    effective = int(status_field("CapEff"), 16)
    return effective | CAP_DAC_READ_SEARCH_ONLY == CAP_DAC_READ_SEARCH_ONLY and status_field("NoNewPrivs") == "1"


def _connect() -> None:
    socket.socket(socket.AF_UNIX).close()


def _attach() -> None:
    call("ptrace", PTRACE_ATTACH, NO_SUCH_PID, None, None)


def _ring() -> None:
    number = number_of("io_uring_setup")
    assert number is not None
    system_call("io_uring_setup", number, 0, None)


def _unshare() -> None:
    call("unshare", 0)


def _chmod() -> None:
    Path("own").chmod(0o600)


def _kill() -> None:
    os.kill(NO_SUCH_PID, 0)


def _is_elsewhere(parents: Mapping[str, str]) -> bool:
    return all(str(Path(f"/proc/self/ns/{name}").readlink()) != link for name, link in parents.items())


def _is_read_only(decoy: Path) -> bool:
    try:
        decoy.open("r+b").close()
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def _threads_are_counted() -> bool:
    """With a low limit, a few threads must start (others' don't count) and many must not."""
    resource.setrlimit(resource.RLIMIT_NPROC, (FEW_THREADS + 2, FEW_THREADS + 2))
    threading.stack_size(SMALL_STACK_BYTES)  # or the limit on memory would end it before the one on threads
    wait = threading.Event()
    n_started = 0
    with contextlib.suppress(RuntimeError):
        for _ in range(TOO_MANY_THREADS):
            threading.Thread(target=wait.wait, daemon=True).start()
            n_started += 1
    wait.set()
    return FEW_THREADS <= n_started < TOO_MANY_THREADS
