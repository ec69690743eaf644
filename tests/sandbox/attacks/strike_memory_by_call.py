"""Writes to the memory of another process by process_vm_writev."""

import ctypes

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


class Area(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attack(target: Target) -> bytes:
    held = ctypes.create_string_buffer(b"changed!!")
    here, there = Area(ctypes.addressof(held), 9), Area(target.victim_address, 9)
    syscall("process_vm_writev", target.pid, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
    return b""
