"""Has the kernel signal another process whenever a pipe of its own is written to."""

import fcntl
import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True
F_SETSIG = 10


def attack(target: Target) -> bytes:
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETOWN, target.pid)
    fcntl.fcntl(reader, F_SETSIG, signal.SIGURG)
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writer, b"x")
    return b""
