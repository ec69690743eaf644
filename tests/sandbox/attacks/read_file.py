"""Reads a file by its path."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path(target.secret).read_bytes()
