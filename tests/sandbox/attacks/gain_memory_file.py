"""Makes a file in memory, from which programs can be run."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    return str(os.memfd_create("program")).encode()
