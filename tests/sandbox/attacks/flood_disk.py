"""Fills the disk with one file."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 9 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    with Path("large").open("wb") as file:
        n_written = sum(file.write(b"x" * CHUNK) for _ in range(64))
    return str(n_written).encode()
