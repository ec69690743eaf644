"""Connects to a socket in a folder, as docker's is."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.socket(socket.AF_UNIX).connect(target.stream_socket)
    return b""
