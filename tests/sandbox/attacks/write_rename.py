"""Renames a file."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(target.victim).rename(f"{target.folder}/renamed")
    return b""
