"""Compares the kernel's addresses of what two processes have, which tells where they lie."""

import os

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return str(syscall("kcmp", os.getpid(), target.pid, 1, 0, 0)).encode()
