"""Opens what another process has open."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    return Path(f"/proc/{target.pid}/fd/{target.secret_descriptor}").read_bytes()
