"""Takes memory bit by bit."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    held = [b"x" * CHUNK for _ in range(300)]
    return str(len(held) * CHUNK).encode()
