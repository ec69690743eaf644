"""Leaves a program behind that was started by posix_spawn."""

import os
import sys
import time

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.SURVIVE


def attack(target: Target) -> bytes:
    program = f"import ctypes, time; ctypes.CDLL(None).prctl(15, b'{target.mark}', 0, 0, 0); time.sleep(30)"
    os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", program], {}, setsid=True)
    time.sleep(0.5)
    return b""
