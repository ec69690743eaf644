"""Looks what files there are."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return repr(os.listdir(target.folder)).encode()  # noqa: PTH208 - the plain call
