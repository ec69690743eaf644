"""Has the kernel signal another process whenever a descriptor that it was given is written to."""

import fcntl
import os
import socket
import struct

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True
FIOSETOWN = 0x8901


def attack(target: Target) -> bytes:
    one, other = socket.socketpair()
    fcntl.ioctl(one, FIOSETOWN, struct.pack("=i", target.pid))
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    other.send(b"x")
    return b""
