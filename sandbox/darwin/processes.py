"""Which processes belong to a job, and what they use, as `ps` tells: macOS has no /proc.

A process is known by its group, and by a mark among the arguments that it was started with. What it forks keeps them,
also when it leaves the group; only a program that is started in its place would not, and a job may start none.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass

from archgraft.sandbox.protocol import SandboxError

COMMAND = ("/bin/ps", "-A", "-ww", *(f"-o{name}=" for name in ("pid", "pgid", "stat", "time", "rss", "command")))
"""A separate option for each column: in one list, all after the first `=` would be a heading."""
LIST_SECONDS = 10.0
TIME = re.compile(r"(?:(?:(?P<days>\d+)-)?(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class ListedProcess:
    """One living process."""

    pid: int
    group: int
    cpu_seconds: float
    memory_bytes: int
    """What it has in memory, shared libraries included."""
    command: str


def list_processes() -> list[ListedProcess]:
    """Every living process of the machine. Raises `SandboxError` when `ps` fails."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, timeout=LIST_SECONDS, check=True, env={"LC_ALL": "C"})
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"the processes of jobs can't be listed: {error}") from error
    return parse(done.stdout.decode(errors="replace"))


def parse(text: str) -> list[ListedProcess]:
    """The lines of `ps` as processes, without those that only wait to be reaped."""
    found = []
    for line in text.splitlines():
        columns = line.split(None, 5)
        if len(columns) == 6 and not columns[2].startswith("Z"):
            pid, group, _, used, kibibytes, command = columns
            found.append(ListedProcess(int(pid), int(group), seconds(used), int(kibibytes) * 1024, command))
    return found


def seconds(text: str) -> float:
    """A time as `ps` writes it: `1:02.50` on macOS, `1-02:03:04` or `00:01:02` elsewhere."""
    match = TIME.fullmatch(text)
    if match is None:
        return 0.0
    part = {name: float(value or 0) for name, value in match.groupdict().items()}
    return ((part["days"] * 24 + part["hours"]) * 60 + part["minutes"]) * 60 + part["seconds"]


def marked(mark: str, processes: Iterable[ListedProcess], group: int | None = None) -> list[ListedProcess]:
    """Those among the processes that have the mark, or are of the group; never this process itself."""
    return [
        process
        for process in processes
        if (mark in process.command or process.group == group) and process.pid != os.getpid()
    ]


def kill_marked(mark: str, patience_seconds: float, group: int | None = None) -> None:
    """Kill what has the mark or is of the group until nothing is left, or the time is up.

    Raises `SandboxError` when `ps` fails.
    """
    deadline = time.monotonic() + patience_seconds
    seen: set[int] = set()
    while time.monotonic() < deadline:
        listed = list_processes()
        seen.update(process.pid for process in marked(mark, listed, group))
        left = seen & {process.pid for process in listed}  # one that is dying has no arguments any more
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
