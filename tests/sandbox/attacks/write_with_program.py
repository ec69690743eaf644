"""Lets another program write."""

import subprocess

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    subprocess.run(["sh", "-c", f"echo changed > {target.victim}"], check=True)
    return b""
