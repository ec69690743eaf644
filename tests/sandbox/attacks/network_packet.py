"""Listens to the machine's traffic."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        return str(packets.fileno()).encode()
