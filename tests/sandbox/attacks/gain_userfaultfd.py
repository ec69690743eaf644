"""Handles page faults, with which kernels have been held still."""

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
USER_MODE_ONLY = 1


def attack(target: Target) -> bytes:
    return str(syscall("userfaultfd", USER_MODE_ONLY)).encode()
