"""Makes a named pipe in a folder of others."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.mkfifo(f"{target.folder}/pipe")
    return b""
