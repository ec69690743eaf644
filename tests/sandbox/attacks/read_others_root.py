"""Reads a file through the root folder of another process."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return Path(f"/proc/{target.supervisor_pid}/root{target.secret}").read_bytes()
