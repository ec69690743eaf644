"""Reads a file through /proc/self/root."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path(f"/proc/self/root{target.secret}").read_bytes()
