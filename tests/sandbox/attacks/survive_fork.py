"""Leaves a child behind."""

import os
import time

from tests.sandbox.escape.calls import name_this_process
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.SURVIVE


def attack(target: Target) -> bytes:
    if os.fork() == 0:
        name_this_process(target.mark)
        time.sleep(30)
    time.sleep(0.2)
    return b""
