"""Gives a file a second name in a folder that it may read, and reads it there."""

import os
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    os.link(target.secret, f"{target.folder}/package/data")
    return Path(f"{target.folder}/package/data").read_bytes()
