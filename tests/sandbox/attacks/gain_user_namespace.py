"""Becomes root in a namespace of its own, where the kernel's rarely used doors are."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NEW_USER = 0x10000000


def attack(target: Target) -> bytes:
    call("unshare", NEW_USER)
    return b"unshared"
