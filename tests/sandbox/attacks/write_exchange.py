"""Exchanges two files."""

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
AT_FDCWD = -100 & (2**64 - 1)
RENAME_EXCHANGE = 2


def attack(target: Target) -> bytes:
    syscall("renameat2", AT_FDCWD, target.victim.encode(), AT_FDCWD, target.secret.encode(), RENAME_EXCHANGE)
    return b""
