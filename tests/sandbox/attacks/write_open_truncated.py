"""Empties a file that it opens for reading only."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.open(target.victim, os.O_RDONLY | os.O_TRUNC)
    return b""
