"""Announces, past the program that speaks for it, an answer of terabytes."""

import contextlib
import os
import struct

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.DELUGE


def attack(target: Target) -> bytes:
    header = (
        b'{"kind": "result", "header": {}, "arrays": [{"name": "a", "dtype": "float32", "shape": [1099511627776]}]}'
    )
    frame = b"AGF1" + struct.pack("!I", len(header)) + header
    for descriptor in (1, 3):
        with contextlib.suppress(OSError):
            os.write(descriptor, frame)
            for _ in range(64):
                os.write(descriptor, b"x" * 2**20)
    return b""
