"""Queues a signal with data for another process."""

import ctypes
import signal
import struct

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    information = ctypes.create_string_buffer(struct.pack("=iii", signal.SIGURG, 0, -1) + bytes(116))
    syscall("rt_sigqueueinfo", target.pid, signal.SIGURG, information)
    return b""
