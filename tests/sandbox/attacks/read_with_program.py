"""Lets another program read a file."""

import subprocess

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK


def attack(target: Target) -> bytes:
    return subprocess.run(["cat", target.secret], capture_output=True, check=True).stdout
