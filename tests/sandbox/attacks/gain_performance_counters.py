"""Counts what the machine does."""

import ctypes
import struct

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    wanted = ctypes.create_string_buffer(struct.pack("=IIQ", 1, 128, 0) + bytes(112))
    return str(syscall("perf_event_open", wanted, 0, -1 & (2**64 - 1), -1 & (2**64 - 1), 0)).encode()
