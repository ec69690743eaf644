"""Becomes the parent of orphans, which nobody else then finds."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
CHILD_SUBREAPER = 36


def attack(target: Target) -> bytes:
    call("prctl", CHILD_SUBREAPER, 1, 0, 0, 0)
    return b"changed"
