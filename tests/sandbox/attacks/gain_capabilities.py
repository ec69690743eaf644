"""Uses a right of root's: reads who may log in."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    return Path("/etc/shadow").read_bytes()
