"""Makes a queue that outlives it."""

import os

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    name = f"/{target.mark}".encode()
    queue = syscall("mq_open", name.lstrip(b"/"), os.O_CREAT | os.O_RDWR, 0o600, None)
    syscall("mq_unlink", name.lstrip(b"/"))
    return str(queue).encode()
