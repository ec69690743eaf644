"""Starts processes without end (the harness stops after a hundred)."""

import os
import time

from tests.sandbox.escape.calls import name_this_process
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 64


def attack(target: Target) -> bytes:
    for _ in range(100):
        if os.fork() == 0:
            name_this_process(target.mark)
            time.sleep(30)
    time.sleep(0.5)  # a watchdog has looked by now
    return b"100"
