"""Makes semaphores that outlive it."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    semaphores = call("semget", 0, 1, 0o1600)
    call("semctl", semaphores, 0, 0)
    return b"made"
