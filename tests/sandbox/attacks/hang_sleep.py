"""Sleeps for ever."""

import time

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    time.sleep(3600)
    return b""
