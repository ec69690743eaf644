"""Makes a control group, as a way out of the one that it is in."""

from contextlib import suppress
from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
ROOT_ONLY = True


def attack(target: Target) -> bytes:
    for processes in sorted(Path("/sys/fs/cgroup").rglob("cgroup.procs")):
        group = processes.parent / target.mark
        with suppress(OSError):
            group.mkdir()
            group.rmdir()
            return b"made"
    return b""
