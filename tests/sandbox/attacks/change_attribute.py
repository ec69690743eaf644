"""Writes an extended attribute."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.setxattr(target.victim, "user.archgraft", b"loot")
    return b""
