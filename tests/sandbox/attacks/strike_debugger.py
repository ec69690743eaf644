"""Attaches to another process as a debugger."""

import os

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True
SEIZE, INTERRUPT, POKE = 0x4206, 0x4207, 5


def attack(target: Target) -> bytes:
    call("ptrace", SEIZE, target.pid, None, None)
    call("ptrace", INTERRUPT, target.pid, None, None)
    os.waitpid(target.pid, 0x40000000)
    call("ptrace", POKE, target.pid, target.victim_address, int.from_bytes(b"changed!", "little"))
    return b""
