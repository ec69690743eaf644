"""Takes back that it dies with its parent."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
PDEATHSIG = 1


def attack(target: Target) -> bytes:
    call("prctl", PDEATHSIG, 0, 0, 0, 0)
    return b"changed"
