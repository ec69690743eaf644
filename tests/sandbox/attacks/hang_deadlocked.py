"""Waits for a lock that it holds."""

import threading

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
    return b""
