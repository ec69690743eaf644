"""Sends a signal through a descriptor of another process."""

import signal

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    process = syscall("pidfd_open", target.pid, 0)
    syscall("pidfd_send_signal", process, signal.SIGURG, None, 0)
    return b""
