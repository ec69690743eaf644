"""Makes the machine write everything to its disks, again and again."""

import os

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    for _ in range(3):
        call("syncfs", os.open(".", os.O_RDONLY))
    return b"flushed"
