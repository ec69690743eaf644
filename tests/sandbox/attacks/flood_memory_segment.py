"""Takes memory in a System V segment, which outlives its maker."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 100 * 2**20
AMOUNT = 300 * 2**20


def attack(target: Target) -> bytes:
    segment = call("shmget", 0, AMOUNT, 0o1600)
    call("shmctl", segment, 0, None)
    return str(AMOUNT).encode()
