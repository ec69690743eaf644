"""Asks to be told what others do anywhere."""

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    return str(syscall("fanotify_init", 0, 0)).encode()
