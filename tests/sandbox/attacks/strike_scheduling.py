"""Lets another process run only when nothing else does."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    os.sched_setscheduler(target.pid, os.SCHED_IDLE, os.sched_param(0))
    return b""
