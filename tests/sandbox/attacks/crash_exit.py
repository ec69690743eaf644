"""Exits without a word, as if all were well."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    os._exit(0)
