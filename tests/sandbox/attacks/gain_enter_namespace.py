"""Enters the namespaces of another process."""

import os

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NEEDS_PROCESS = True
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    call("setns", os.open(f"/proc/{target.pid}/ns/uts", os.O_RDONLY), 0)
    return b"entered"
