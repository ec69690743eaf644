"""Changes the limits of another process."""

import resource

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    resource.prlimit(target.pid, resource.RLIMIT_CORE, (0, 0))
    return b""
