"""Gives an answer that nobody can hold."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.DELUGE
AMOUNT = 64 * 2**20


def attack(target: Target) -> bytes:
    return b"x" * AMOUNT
