"""Lets another program connect."""

import subprocess
import sys

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    program = f"import socket; socket.create_connection(('127.0.0.1', {target.tcp_port}), timeout=2)"
    subprocess.run([sys.executable, "-S", "-c", program], check=True)
    return b""
