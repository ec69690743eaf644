"""Stops itself: it uses no time, and is never done."""

import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    os.kill(os.getpid(), signal.SIGSTOP)
    return b""
