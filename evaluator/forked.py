"""Runs a function in a process of its own, so that what it breaks is only its own. Child side.

For programs that do many small things after one slow import. Call it before anything was computed (a thread pool does
not survive a fork); the process is inside the sandbox, under the job's limits, and can't outlive the job.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from archgraft.evaluator.causes import describe

_CHUNK_BYTES = 2**16


class ForkError(RuntimeError):
    """The process ended without an answer, and why."""


def in_fork(work: Callable[[], dict[str, Any]], wall_seconds: float) -> dict[str, Any]:
    """What `work` returns, as JSON carries it. Raises `ForkError`, which names what `work` raised."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _work(work, writer)
    os.close(writer)
    try:
        data = _read(reader, time.monotonic() + wall_seconds)
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if data is None:
        raise ForkError(f"took longer than {wall_seconds:g} s")
    try:
        answer: dict[str, Any] = json.loads(data)
    except ValueError:
        raise ForkError(f"ended early ({_ending(status)})") from None
    if "answer" not in answer:
        raise ForkError(f"broke: {answer['error']}")
    found: dict[str, Any] = answer["answer"]
    return found


def _work(work: Callable[[], dict[str, Any]], writer: int) -> None:
    """Do the work, answer, and end the process."""
    try:
        try:
            data = json.dumps({"answer": work()}).encode()
        except BaseException as error:  # noqa: BLE001 - the last stop of the process
            data = json.dumps({"error": describe(error)}).encode()
        while data:
            data = data[os.write(writer, data) :]
    finally:
        os._exit(0)


def _read(reader: int, deadline: float) -> bytes | None:
    """All that comes until the pipe is closed; None when the time is over."""
    parts: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], left)
        if not ready:
            break
        part = os.read(reader, _CHUNK_BYTES)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.WEXITSTATUS(status)}"
