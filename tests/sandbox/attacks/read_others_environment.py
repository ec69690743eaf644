"""Reads the environment of another process, where keys are."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return Path(f"/proc/{target.pid}/environ").read_bytes()
