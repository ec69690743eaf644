"""Types into the terminal that it was started from."""

import fcntl
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
TIOCSCTTY, TIOCSTI = 0x540E, 0x5412


def attack(target: Target) -> bytes:
    _, follower = os.openpty()
    os.setsid()
    fcntl.ioctl(follower, TIOCSCTTY, 0)
    fcntl.ioctl(follower, TIOCSTI, b"x")
    return b"typed"
