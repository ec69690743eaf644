"""Lets another program send a signal."""

import subprocess

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    subprocess.run(["sh", "-c", f"kill -URG {target.pid}"], check=True)
    return b""
