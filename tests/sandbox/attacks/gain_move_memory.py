"""Moves the memory of another process."""

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return str(syscall("move_pages", target.pid, 0, None, None, None, 0)).encode()
