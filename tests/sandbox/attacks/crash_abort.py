"""Aborts."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    os.abort()
