"""Computes for ever in C, where no exception gets through."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    return str(pow(3, 10**10)).encode()
