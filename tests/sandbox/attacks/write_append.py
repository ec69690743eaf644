"""Appends to a file."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    with Path(target.victim).open("a") as file:
        file.write("changed")
    return b""
