"""The job's end: confines itself, then runs the entry function and answers. Runs in the forked child only."""

import errno
import faulthandler
import importlib
import os
import random  # noqa: TID251 - only to set the state that mined code may read
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fcntl import F_DUPFD, fcntl
from pathlib import Path
from typing import Any

import torch

from archgraft.sandbox.frames import FrameError, receive_frame, send_frame
from archgraft.sandbox.layers import control_group, namespaces
from archgraft.sandbox.layers.confine import Assignment, confine
from archgraft.sandbox.layers.plan import Plan
from archgraft.sandbox.protocol import Channel, Message, Verdict

JOB, RULES = 3, 4
"""Where a child has its two descriptors."""
MAX_REQUEST_BYTES = 2**40  # the parent is trusted; its memory is the limit
MAX_MESSAGE_CHARACTERS = 2_000
MAX_TRACEBACK_CHARACTERS = 16_000


@dataclass
class SocketChannel:
    """A `Channel` over the job's socket."""

    request: Message
    connection: socket.socket

    def ask(self, message: Message) -> Message:
        """Send a question to the parent and wait for its answer."""
        send_frame(self.connection, "ask", message)
        return receive_frame(self.connection, MAX_REQUEST_BYTES).message


@dataclass(frozen=True)
class Descriptors:
    """What a child is left with of its zygote's descriptors."""

    job: int
    log: int
    rules: int | None
    """A Landlock ruleset."""
    group: tuple[int, ...]
    """By which it joins its control group."""


def run_child(plan: Plan, uid: int | None, zygote_pid: int, descriptors: Descriptors, assignment: Assignment) -> None:
    """Confine this process, run its job, answer, and end it. Never returns."""
    status = 1
    try:
        connection = _settle(descriptors, assignment.scratch)
        if assignment.compiles:
            namespaces.go_on_apart(plan.compiling.namespaces, zygote_pid)
            os.setsid()
        confine(plan, uid, zygote_pid, RULES if descriptors.rules is not None else None, assignment)
        torch.set_num_threads(assignment.n_threads)
        random.seed(0)  # the standard library draws a new state after each fork
        status = _serve(connection)
    except BaseException:  # noqa: BLE001 - the last stop of the process
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _settle(descriptors: Descriptors, scratch: Path) -> socket.socket:
    """Own group, session and folder, and no descriptor but the job's socket, the log, and for now the rules."""
    control_group.join(descriptors.group)
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(descriptors.log, 1)
    os.dup2(descriptors.log, 2)
    # Out of the way first, or one could be overwritten by the other.
    rules = None if descriptors.rules is None else fcntl(descriptors.rules, F_DUPFD, RULES + 1)
    job = fcntl(descriptors.job, F_DUPFD, RULES + 1)
    os.dup2(job, JOB, inheritable=False)
    if rules is not None:
        os.dup2(rules, RULES, inheritable=False)
    first_unused = JOB + 1 if rules is None else RULES + 1
    os.closerange(first_unused, max(map(int, os.listdir("/proc/self/fd"))) + 1)  # noqa: PTH208 - names, not paths
    Path("/proc/self/oom_score_adj").write_text("1000")  # the kernel's first choice, before anything of the user's
    os.chdir(scratch)
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)  # torch._dynamo has chosen one for the zygote
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)  # what the zygote found is not its
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file on a pipe
    faulthandler.enable()
    return socket.socket(fileno=JOB)


def _serve(connection: socket.socket) -> int:
    send_frame(connection, "confined", Message())
    try:
        request = receive_frame(connection, MAX_REQUEST_BYTES)
        header = request.message.header
        sys.path[:0] = [str(folder) for folder in _as_list(header["readable"])]
        body = header["header"]
        assert isinstance(body, dict)
        channel = SocketChannel(Message(body, request.message.arrays), connection)
        answer = _entry(str(header["entry"]))(channel)
        if not isinstance(answer, Message):
            raise TypeError(f"{header['entry']} must return a Message, but returned a {type(answer).__name__}")
        sys.stdout.flush()
        send_frame(connection, "result", answer)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException as error:  # noqa: BLE001 - a boundary: whatever the job raised becomes its outcome
        with suppress(OSError, FrameError):
            send_frame(connection, "error", describe(error))
    return 0


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(name: str) -> Callable[[Channel], Message]:
    module, _, function = name.partition(":")
    found: Callable[[Channel], Message] = getattr(importlib.import_module(module), function)
    return found


def describe(error: BaseException) -> Message:
    """An exception as a message; `verdict` is the child's own view of it, which can only do itself harm."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a candidate's own exception class may be broken too
        text = "(its message can't be printed)"
    trace = "".join(traceback.format_exception(error))[-MAX_TRACEBACK_CHARACTERS:]
    header = {
        "type": type(error).__name__[:200],
        "message": text[:MAX_MESSAGE_CHARACTERS],
        "traceback": trace,
        "verdict": _verdict(error, text).value,
    }
    return Message(header)


def _verdict(error: BaseException, text: str) -> Verdict:
    out_of_memory = isinstance(error, MemoryError) or "can't allocate memory" in text or "out of memory" in text
    if out_of_memory:
        return Verdict.OUT_OF_MEMORY
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return Verdict.OUT_OF_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
        return Verdict.DISK
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return Verdict.THREADS
    return Verdict.NONFINITE if isinstance(error, FloatingPointError) else Verdict.RUNTIME_ERROR
