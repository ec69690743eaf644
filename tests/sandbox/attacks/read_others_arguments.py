"""Reads the arguments of another process, where tokens are."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return Path(f"/proc/{target.pid}/cmdline").read_bytes()
