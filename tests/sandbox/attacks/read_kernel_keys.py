"""Uses the session's keyring, where logins keep theirs."""

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
SESSION_KEYRING = -3 & (2**64 - 1)


def attack(target: Target) -> bytes:
    return str(syscall("add_key", b"user", b"archgraft-decoy", b"x", 1, SESSION_KEYRING)).encode()
