"""Takes memory as files of its own folder, mapped and shared, past what it may hold as data."""

import mmap
import os
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
CHUNK = 2**20
N_FILES = 100


def attack(target: Target) -> bytes:
    held = []
    for number in range(N_FILES):
        descriptor = os.open(str(number), os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, 2 * CHUNK)
        area = mmap.mmap(descriptor, 2 * CHUNK)
        area.write(b"x" * len(area))
        os.close(descriptor)
        Path(str(number)).unlink()
        held.append(area)
    return str(sum(map(len, held))).encode()
