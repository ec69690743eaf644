"""Gives its answer and loops while it is taken down."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG
kept: list[object] = []


def attack(target: Target) -> bytes:
    class Last:
        def __del__(self) -> None:
            while True:
                pass

    kept.append(Last())
    kept.clear()
    return b""
