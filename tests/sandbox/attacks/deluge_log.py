"""Writes without end to what its parent keeps (the harness stops after a few seconds' worth)."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.DELUGE


def attack(target: Target) -> bytes:
    for _ in range(64):
        os.write(1, b"x" * 2**20)
    return b""
