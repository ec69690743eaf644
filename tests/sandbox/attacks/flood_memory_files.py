"""Takes memory as many files without a name, each within the limit on a file, and none of them mapped."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 120 * 2**20
CHUNK = 4 * 2**20
N_FILES = 60


def attack(target: Target) -> bytes:
    n_written = 0
    for number in range(N_FILES):
        descriptor = os.memfd_create(str(number))
        n_written += os.write(descriptor, b"x" * CHUNK)
    return str(n_written).encode()
