"""Sends a signal to a thread of another process."""

import signal

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    syscall("tgkill", target.pid, target.pid, signal.SIGURG)
    return b""
