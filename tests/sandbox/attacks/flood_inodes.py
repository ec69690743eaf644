"""Takes every name that the file system has: empty files, which weigh nothing."""

import time
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 10_000


def attack(target: Target) -> bytes:
    for number in range(12_000):
        Path(str(number)).touch()
    time.sleep(2)  # whoever only looks now and then has looked by now
    return b"12000"
