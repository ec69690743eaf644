"""Runs what is no instruction."""

import platform

from tests.sandbox.escape.calls import run_machine_code
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


def attack(target: Target) -> bytes:
    return str(run_machine_code(b"\x0f\x0b" if platform.machine() == "x86_64" else bytes(4))).encode()
