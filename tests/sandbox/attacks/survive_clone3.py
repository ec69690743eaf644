"""Leaves a child behind that was made by the newest call."""

import struct
import time

from tests.sandbox.escape.calls import name_this_process, syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.SURVIVE
SIGCHLD = 17


def attack(target: Target) -> bytes:
    wanted = struct.pack("=11Q", 0, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, 0)
    if syscall("clone3", wanted, len(wanted)) == 0:
        name_this_process(target.mark)
        time.sleep(30)
    time.sleep(0.2)
    return b""
