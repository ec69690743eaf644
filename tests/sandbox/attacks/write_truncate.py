"""Empties a file by its path."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.truncate(target.victim, 0)
    return b""
