"""Names the machine (as it is named already)."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    name = socket.gethostname()
    socket.sethostname(name)
    return name.encode()
