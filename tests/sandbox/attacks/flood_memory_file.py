"""Takes memory as a file without a name."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    descriptor = os.memfd_create("flood")
    n_written = sum(os.write(descriptor, b"x" * CHUNK) for _ in range(300))
    return str(n_written).encode()
