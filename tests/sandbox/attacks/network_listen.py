"""Waits for others to connect."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()).encode()
