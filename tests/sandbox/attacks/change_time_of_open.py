"""Dates back a file that it has open for reading."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.utime(os.open(f"{target.folder}/package/users_code.py", os.O_RDONLY), (1, 1))
    return b""
