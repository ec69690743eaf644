"""Mounts a file system in a namespace of its own."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NEW_USER, NEW_MOUNTS = 0x10000000, 0x20000


def attack(target: Target) -> bytes:
    call("unshare", NEW_USER | NEW_MOUNTS)
    call("mount", b"none", target.folder.encode(), b"tmpfs", 0, None)
    return b"mounted"
