"""Asks the kernel about the machine's network interfaces."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.bind((0, 0))
        return str(kernel.getsockname()).encode()
