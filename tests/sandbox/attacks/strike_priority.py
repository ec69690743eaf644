"""Makes another process slow."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    os.setpriority(os.PRIO_PROCESS, target.pid, 19)
    return b""
