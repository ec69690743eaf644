"""Searches for ever in C."""

import re

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    return repr(re.match("(a+)+$", "a" * 64 + "b")).encode()
