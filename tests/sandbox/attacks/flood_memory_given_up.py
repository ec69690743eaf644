"""Takes shared memory and gives up its own view of it: still taken, and seen by nobody."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
CHUNK = 10 * 2**20


def attack(target: Target) -> bytes:
    held = []
    for _ in range(30):
        area = mmap.mmap(-1, CHUNK)
        for place in range(0, CHUNK, mmap.PAGESIZE):
            area[place] = 1
        area.madvise(mmap.MADV_DONTNEED)
        held.append(area)
    return str(len(held) * CHUNK).encode()
