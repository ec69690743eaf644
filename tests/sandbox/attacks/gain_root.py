"""Becomes root again."""

import os
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    os.setresuid(0, 0, 0)
    return Path("/proc/self/status").read_bytes() if os.geteuid() == 0 else b""
