"""Walks through folders in search of names."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return repr(list(os.walk(target.folder))).encode()
