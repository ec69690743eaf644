"""The job's end: runs the entry function and answers. Runs in the sandbox child only, once that is confined."""

import errno
import importlib
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from archgraft.sandbox.frames import FrameError, receive_frame, send_frame
from archgraft.sandbox.protocol import Channel, Message, Verdict

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


def serve(connection: socket.socket, prepare: Callable[[], None] = lambda: None) -> int:
    """Say that this process is confined, receive the job, run it and answer. The exit status of the process.

    `prepare` is called between the import of the job's module and the job.
    """
    send_frame(connection, "confined", Message())
    try:
        request = receive_frame(connection, MAX_REQUEST_BYTES)
        header = request.message.header
        sys.path[:0] = [str(folder) for folder in _as_list(header["readable"])]
        body = header["header"]
        assert isinstance(body, dict)
        channel = SocketChannel(Message(body, request.message.arrays), connection)
        entry = _entry(str(header["entry"]))
        prepare()
        answer = entry(channel)
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
