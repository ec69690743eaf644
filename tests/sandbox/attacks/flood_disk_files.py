"""Fills the disk with many files."""

import time
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 9 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    n_written = sum(Path(str(number)).write_bytes(b"x" * CHUNK) for number in range(64))
    time.sleep(2)  # whoever only looks now and then has looked by now
    return str(n_written).encode()
