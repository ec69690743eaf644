"""Reads a file by a library that opens files in C."""

import numpy as np

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return np.fromfile(target.secret, np.uint8).tobytes()
