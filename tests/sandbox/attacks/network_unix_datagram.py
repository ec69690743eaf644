"""Writes to a datagram socket in a folder, as the system's log is."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"loot", target.datagram_socket)
    return b""
