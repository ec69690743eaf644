"""Makes a device file."""

import os
import stat

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    os.mknod(f"{target.folder}/device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    return b""
