"""Raises what no `except Exception` catches."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    raise KeyboardInterrupt
