"""Runs a program by its descriptor."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    program = os.open("/bin/true", os.O_RDONLY)
    child = os.fork()
    if child == 0:
        try:
            os.execve(program, ["true"], {})
        finally:
            os._exit(1)
    return b"ran" if os.waitpid(child, 0)[1] == 0 else b""
