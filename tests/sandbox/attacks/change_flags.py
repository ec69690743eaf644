"""Changes a file's flags through a descriptor for reading."""

import array
import fcntl
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
GET_FLAGS, SET_FLAGS, NO_DUMP = 0x80086601, 0x40086602, 0x40


def attack(target: Target) -> bytes:
    descriptor = os.open(f"{target.folder}/package/users_code.py", os.O_RDONLY)
    flags = array.array("l", [0])
    fcntl.ioctl(descriptor, GET_FLAGS, flags)
    flags[0] |= NO_DUMP
    fcntl.ioctl(descriptor, SET_FLAGS, flags)
    return b""
