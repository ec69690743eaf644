"""Looks through the arguments of every process."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
