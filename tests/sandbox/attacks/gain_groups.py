"""Becomes a member of other groups."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    os.setgroups([4, 27])
    return repr(os.getgroups()).encode()
