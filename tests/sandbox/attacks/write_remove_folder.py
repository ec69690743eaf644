"""Removes a folder."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(f"{target.folder}/empty").rmdir()
    return b""
