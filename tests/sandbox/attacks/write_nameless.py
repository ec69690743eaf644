"""Makes a file without a name and names it afterwards."""

import os

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
AT_FDCWD = -100 & (2**64 - 1)
AT_SYMLINK_FOLLOW = 0x400


def attack(target: Target) -> bytes:
    descriptor = os.open(target.folder, os.O_TMPFILE | os.O_RDWR)
    own, name = f"/proc/self/fd/{descriptor}", f"{target.folder}/named"
    call("linkat", AT_FDCWD, own.encode(), AT_FDCWD, name.encode(), AT_SYMLINK_FOLLOW)
    return b""
