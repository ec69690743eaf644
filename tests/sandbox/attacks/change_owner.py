"""Gives a file to somebody else."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    os.chown(target.victim, 4711, 4711)
    return b""
