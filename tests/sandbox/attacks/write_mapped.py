"""Writes to a file by its memory."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    with open(target.victim, "r+b") as file, mmap.mmap(file.fileno(), 0) as area:  # noqa: PTH123
        area[:4] = b"four"
    return b""
