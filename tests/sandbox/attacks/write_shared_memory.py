"""Writes to what others share in /dev/shm."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(target.shared_memory).write_text("changed")
    return b""
