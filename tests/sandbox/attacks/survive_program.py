"""Leaves a program behind."""

import subprocess
import sys
import time

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.SURVIVE


def attack(target: Target) -> bytes:
    program = f"import ctypes, time; ctypes.CDLL(None).prctl(15, b'{target.mark}', 0, 0, 0); time.sleep(30)"
    subprocess.Popen([sys.executable, "-S", "-c", program], start_new_session=True)
    time.sleep(0.5)
    return b""
