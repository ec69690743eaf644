"""Reads and writes packets below TCP and UDP."""

import socket

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        return str(raw.fileno()).encode()
