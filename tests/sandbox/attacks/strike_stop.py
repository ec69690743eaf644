"""Stops another process."""

import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    os.kill(target.pid, signal.SIGSTOP)
    return b""
