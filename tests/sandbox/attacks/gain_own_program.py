"""Writes a program and runs it."""

import subprocess
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    Path("program").write_text("#!/bin/sh\necho ran\n")
    Path("program").chmod(0o755)
    return subprocess.run(["./program"], capture_output=True, check=True).stdout
