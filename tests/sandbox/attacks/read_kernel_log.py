"""Reads the kernel's log."""

import ctypes

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    held = ctypes.create_string_buffer(2**16)
    return str(call("klogctl", 3, held, len(held))).encode()
