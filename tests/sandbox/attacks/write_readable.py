"""Empties a file of the user's code, which it may read."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.open(f"{target.folder}/package/users_code.py", os.O_RDONLY | os.O_TRUNC)
    return b""
