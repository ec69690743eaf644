"""Takes a descriptor out of another process by pidfd_getfd."""

import os

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    process = syscall("pidfd_open", target.pid, 0)
    return os.pread(syscall("pidfd_getfd", process, target.secret_descriptor, 0), 64, 0)
