"""Takes memory in several processes, each within its own limit, all at once and for a moment only."""

import mmap
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 120 * 2**20
N_PROCESSES = 6
AMOUNT = 40 * 2**20
MADV_POPULATE_WRITE = 23


def attack(target: Target) -> bytes:
    areas = [os.pipe() for _ in range(N_PROCESSES)]
    release_reader, release_writer = os.pipe()
    for _, writer in areas:
        if os.fork() == 0:
            area = mmap.mmap(-1, AMOUNT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            area.madvise(MADV_POPULATE_WRITE)
            os.write(writer, b"held")
            os.close(release_writer)
            os.read(release_reader, 1)
            os._exit(0)
        os.close(writer)
    n_held = sum(os.read(reader, 4) == b"held" for reader, _ in areas)
    return str(n_held * AMOUNT).encode()
