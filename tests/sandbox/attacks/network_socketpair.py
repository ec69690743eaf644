"""Gets a datagram socket from socketpair() and sends elsewhere with it."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"loot", target.datagram_socket)
    return b""
