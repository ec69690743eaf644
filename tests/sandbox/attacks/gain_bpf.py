"""Loads a map into the kernel."""

import ctypes
import struct

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    wanted = ctypes.create_string_buffer(struct.pack("=IIII", 2, 4, 4, 1) + bytes(104))
    return str(syscall("bpf", 0, wanted, 120)).encode()
