"""Gives its answer and leaves threads that loop."""

import threading

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    def loop() -> None:
        while True:
            pass

    for _ in range(4):
        threading.Thread(target=loop).start()
    return b""
