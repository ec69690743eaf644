"""Leaves a child behind that was made past the C library."""

import time

from tests.sandbox.escape.calls import name_this_process, syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.SURVIVE
SIGCHLD = 17


def attack(target: Target) -> bytes:
    if syscall("clone", SIGCHLD, 0, 0, 0, 0) == 0:
        name_this_process(target.mark)
        time.sleep(30)
    time.sleep(0.2)
    return b""
