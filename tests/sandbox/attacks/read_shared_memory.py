"""Reads what another program shares in /dev/shm."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path(target.shared_memory).read_bytes()
