"""Asks to be told what others do in a folder."""

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    watcher = call("inotify_init1", 0)
    return str(call("inotify_add_watch", watcher, target.folder.encode(), 0xFFF)).encode()
