"""Maps a file into memory."""

import mmap

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    with open(target.secret, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as area:  # noqa: PTH123
        return bytes(area)
