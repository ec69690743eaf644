"""Turns off the protection of where its memory lies."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NO_RANDOMIZATION = 0x40000


def attack(target: Target) -> bytes:
    before = call("personality", 0xFFFFFFFF)
    call("personality", before | NO_RANDOMIZATION)
    return b"changed"
