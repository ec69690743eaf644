"""Reads where no memory is."""

import ctypes

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    return ctypes.string_at(0)
