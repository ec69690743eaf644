"""Lets a shell read a file."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    with os.popen(f"cat {target.secret}") as output:
        return output.read().encode()
