"""Reads a file through the current folder of another process."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return Path(f"/proc/{target.pid}/cwd/secret").read_bytes()
