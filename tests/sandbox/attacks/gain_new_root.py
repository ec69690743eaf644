"""Exchanges what it takes for the root of all files."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    os.chroot(target.folder)
    return b"changed"
