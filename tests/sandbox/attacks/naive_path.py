"""Answers with the path of a file that its parent is to read for it."""

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NAIVE_PARENT = "path"


def attack(target: Target) -> bytes:
    return target.secret.encode()
