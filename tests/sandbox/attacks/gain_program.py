"""Runs another program."""

import subprocess

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    return subprocess.run(["uname", "-a"], capture_output=True, check=True).stdout
