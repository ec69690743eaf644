"""Sends a signal to every process that it may. (One that is harmless to those without a handler.)"""

import os
import signal

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
IN_OWN_NUMBERING = True
"""Even so, the control may only see processes that were made for it."""


def attack(target: Target) -> bytes:
    os.kill(-1, signal.SIGURG)
    return b"sent"
