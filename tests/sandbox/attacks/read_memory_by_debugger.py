"""Reads the memory of another process as a debugger does."""

import ctypes
import os
import struct

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True
SEIZE, INTERRUPT, PEEK = 0x4206, 0x4207, 2


def attack(target: Target) -> bytes:
    debug = ctypes.CDLL(None, use_errno=True).ptrace
    debug.restype = ctypes.c_long
    debug.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if debug(SEIZE, target.pid, None, None) < 0 or debug(INTERRUPT, target.pid, None, None) < 0:
        return b""
    os.waitpid(target.pid, 0x40000000)
    words = [debug(PEEK, target.pid, target.secret_address + place, None) for place in range(0, 32, 8)]
    return struct.pack("=4q", *words)
