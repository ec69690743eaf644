"""Sends its answer by a byte a second."""

import contextlib
import os
import time

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    while True:
        for descriptor in (1, 3):
            with contextlib.suppress(OSError):
                os.write(descriptor, b"A")
        time.sleep(1)
