"""Makes a file readable for all."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(target.victim).chmod(0o777)
    return b""
