"""Sends a signal by tkill, which names no process."""

import signal

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    syscall("tkill", target.pid, signal.SIGURG)
    return b""
