"""Reads a file by a path that climbs out of the current folder."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path("../" * 40 + target.secret.lstrip("/")).read_bytes()
