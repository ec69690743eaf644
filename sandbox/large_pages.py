"""Lays a process's memory together in large pages, so that a fork has five hundred times fewer entries to copy.

torch leaves the zygote with some 50,000 pages of its own. Each child's start copies an entry for every one of them, and
its end drops them again: most of what a short job costs. A page that a child writes to is still copied for it alone.
"""

import contextlib
from pathlib import Path

from archgraft.sandbox.layers import kernel

LARGE_BYTES = 2**21
MADV_COLLAPSE = 25
"""Linux 6.1; whatever the machine's setting for transparent large pages says, as this is on request."""


def collapse() -> None:
    """Do it for all private memory of this process, as far as the kernel can."""
    for first, last in private_areas(Path("/proc/self/maps").read_text()):
        first, last = -(-first // LARGE_BYTES) * LARGE_BYTES, last // LARGE_BYTES * LARGE_BYTES
        if first < last:
            with contextlib.suppress(OSError):  # parts are empty, or the kernel is older
                kernel.call("madvise", first, last - first, MADV_COLLAPSE)


def private_areas(maps: str) -> list[tuple[int, int]]:
    """Addresses of writable memory that belongs to no file, from the text of /proc/self/maps; but for the stack."""
    areas = []
    for line in maps.splitlines():
        addresses, rights, _, _, inode, *name = line.split(maxsplit=5)
        if rights == "rw-p" and inode == "0" and name != ["[stack]"]:
            first, _, last = addresses.partition("-")
            areas.append((int(first, 16), int(last, 16)))
    return areas
