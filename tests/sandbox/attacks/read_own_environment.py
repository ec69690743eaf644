"""Reads the variables that it was started with."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return repr(dict(os.environ)).encode()
