"""Makes the user's code, which it may read, unreadable."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    os.fchmod(os.open(f"{target.folder}/package/users_code.py", os.O_RDONLY), 0)
    return b""
