"""Opens files without end."""

import os
import resource

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 256


def attack(target: Target) -> bytes:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1000)]
    return str(len(held)).encode()
