"""Takes memory past Python's allocator."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
AMOUNT = 300 * 2**20


def attack(target: Target) -> bytes:
    area = mmap.mmap(-1, AMOUNT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, AMOUNT, mmap.PAGESIZE):
        area[place] = 1
    return str(AMOUNT).encode()
