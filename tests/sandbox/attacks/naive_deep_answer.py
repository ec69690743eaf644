"""Answers with brackets within brackets, at which a parent's parser gives up with an error of its own."""

import contextlib
import os
import struct

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH
NAIVE_PARENT = "json"


def attack(target: Target) -> bytes:
    deep = b"[" * 100_000
    header = deep + b"]" * 100_000
    for descriptor in (1, 3):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"AGF1" + struct.pack("!I", len(header)) + header)
    return header
