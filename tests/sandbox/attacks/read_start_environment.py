"""Reads the variables that its process once had, from /proc."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path("/proc/self/environ").read_bytes()
