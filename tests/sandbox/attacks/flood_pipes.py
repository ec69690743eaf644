"""Takes the kernel's memory in pipes."""

import fcntl
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 32 * 2**20
F_SETPIPE_SZ = 1031


def attack(target: Target) -> bytes:
    n_bytes = 0
    for _ in range(48):
        _, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 2**20)
        os.set_blocking(writer, False)
        n_bytes += os.write(writer, b"x" * 2**20)
    return str(n_bytes).encode()
