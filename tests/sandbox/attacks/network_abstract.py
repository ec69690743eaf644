"""Connects to a socket that has no file, as desktops and containers use them."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.socket(socket.AF_UNIX).connect(target.abstract_address)
    return b""
