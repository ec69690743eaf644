"""Ties another process to one processor."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    os.sched_setaffinity(target.pid, {min(os.sched_getaffinity(0))})
    return b""
