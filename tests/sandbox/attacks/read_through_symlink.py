"""Reads a file through a link in its own folder."""

import os
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    os.symlink(target.secret, "innocent")  # noqa: PTH211 - the plain call
    return Path("innocent").read_bytes()
