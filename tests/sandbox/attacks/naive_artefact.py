"""Leaves a link where its parent looks for its result."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NAIVE_PARENT = "artefact"


def attack(target: Target) -> bytes:
    os.symlink(target.secret, "result.bin")  # noqa: PTH211 - the plain call
    return b""
