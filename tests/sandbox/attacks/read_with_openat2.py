"""Opens a file by a newer call."""

import os
import struct

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
AT_FDCWD = -100 & (2**64 - 1)


def attack(target: Target) -> bytes:
    how = struct.pack("=3Q", os.O_RDONLY, 0, 0)
    return os.read(syscall("openat2", AT_FDCWD, target.secret.encode(), how, len(how)), 64)
