"""Makes a socket in a folder of others."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    socket.socket(socket.AF_UNIX).bind(f"{target.folder}/new-socket")
    return b""
