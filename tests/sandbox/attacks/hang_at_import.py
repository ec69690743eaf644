"""Loops while it is being imported."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.HANG


def attack(target: Target) -> bytes:
    exec(compile("while True: pass", "candidate", "exec"), {})
    return b""
