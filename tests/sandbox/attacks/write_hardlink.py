"""Gives a file a second name."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.link(target.victim, f"{target.folder}/link")
    return b""
