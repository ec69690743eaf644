"""Leaves its group of processes."""

import os

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    if os.getpgid(0) == os.getpid():
        syscall("setpgid", 0, os.getppid())
    else:
        os.setsid()
    return b"left"
