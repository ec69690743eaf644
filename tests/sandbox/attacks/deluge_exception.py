"""Raises an exception with a message that nobody can hold."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.DELUGE
AMOUNT = 64 * 2**20


def attack(target: Target) -> bytes:
    raise ValueError("x" * AMOUNT)
