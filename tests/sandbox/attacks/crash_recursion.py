"""Uses the whole stack."""

import sys

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    sys.setrecursionlimit(10**9)

    def descend(depth: int) -> int:
        return max([depth, 1], key=descend)

    return str(descend(0)).encode()
