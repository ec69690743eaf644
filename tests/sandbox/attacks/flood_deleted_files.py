"""Fills the disk with files that have no name any more."""

import time
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 9 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    held = []
    for number in range(64):
        held.append(Path(str(number)).open("wb"))  # noqa: SIM115 - held open on purpose
        Path(str(number)).unlink()
    n_written = sum(file.write(b"x" * CHUNK) for file in held)
    time.sleep(2)  # whoever only looks now and then has looked by now
    return str(n_written).encode()
