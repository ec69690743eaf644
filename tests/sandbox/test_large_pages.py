import os
from pathlib import Path

import numpy as np
import pytest

from archgraft.sandbox.large_pages import LARGE_BYTES, collapse, private_areas

MAPS = """\
55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000400000 rw-p 00000000 00:00 0
7f0000400000-7f0000401000 r--p 00000000 00:00 0
7f0000401000-7f0000402000 rw-p 00001000 08:01 1234                       /usr/lib/lib with blanks.so
7f0000402000-7f0000403000 rw-s 00000000 00:01 99                         /dev/zero (deleted)
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
"""


def test_private_memory_is_what_can_be_written_and_belongs_to_no_file() -> None:
    assert private_areas(MAPS) == [(0x55D0C0000000, 0x55D0C0021000), (0x7F0000000000, 0x7F0000400000)]


@pytest.mark.skipif(
    tuple(map(int, os.uname().release.split(".")[:2])) < (6, 1), reason="older kernels do this when they like"
)
def test_memory_lies_in_large_pages_afterwards_and_says_the_same() -> None:
    array = np.arange(4 * LARGE_BYTES, dtype=np.uint8)
    before = large_bytes()
    collapse()
    assert large_bytes() >= max(before, 2 * LARGE_BYTES)
    assert np.array_equal(array, np.arange(4 * LARGE_BYTES, dtype=np.uint8))


def large_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("AnonHugePages:"))
