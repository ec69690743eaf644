"""Sends a signal to another process's group."""

import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    os.killpg(target.pid, signal.SIGURG)
    return b""
