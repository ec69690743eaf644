"""Kills itself."""

import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""
