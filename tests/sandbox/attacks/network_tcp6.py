"""Connects over IPv6."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    socket.create_connection(("::1", target.tcp6_port), timeout=2).close()
    return b""
