"""Loops for ever."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    while True:
        pass
