"""Starts threads without end."""

import threading
import time

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 512
N_THREADS = 700


def attack(target: Target) -> bytes:
    threading.stack_size(2**16)
    wait = threading.Event()
    for _ in range(N_THREADS):
        threading.Thread(target=wait.wait, daemon=True).start()
    time.sleep(0.5)  # a watchdog has looked by now
    wait.set()
    return str(N_THREADS).encode()
