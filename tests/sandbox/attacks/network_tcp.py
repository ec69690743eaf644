"""Connects to a server of this machine."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.create_connection(("127.0.0.1", target.tcp_port), timeout=2).close()
    return b""
