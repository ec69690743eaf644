"""Takes shared memory, which counts in no limit of the kernel."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
AMOUNT = 300 * 2**20


def attack(target: Target) -> bytes:
    area = mmap.mmap(-1, AMOUNT)
    for place in range(0, AMOUNT, mmap.PAGESIZE):
        area[place] = 1
    return str(AMOUNT).encode()
