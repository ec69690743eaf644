"""Reads whatever descriptors it was left with."""

import contextlib
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    loot = b""
    for descriptor in range(3, 1024):
        with contextlib.suppress(OSError):
            loot += os.pread(descriptor, 64, 0)
    return loot
