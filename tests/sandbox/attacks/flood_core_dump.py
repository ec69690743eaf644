"""Dies and leaves its memory on the disk."""

import resource

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 0


def attack(target: Target) -> bytes:
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    return str(min(limit % 2**64, 2**40)).encode()
