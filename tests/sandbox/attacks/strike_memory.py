"""Writes to the memory of another process."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    with Path(f"/proc/{target.pid}/mem").open("r+b", buffering=0) as memory:
        memory.seek(target.victim_address)
        memory.write(b"changed!!")
    return b""
