"""Dates a file back, so that no tool sees it as new."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.utime(target.victim, (1, 1))
    return b""
