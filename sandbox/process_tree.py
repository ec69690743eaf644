"""What the processes below a given one use, read from /proc."""

import contextlib
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CPU_CLOCK = 2
"""In the lower bits of a clock's number: the time that a process was scheduled. The upper bits name the process; see
`clock_getcpuclockid` in the C library, which Python doesn't offer."""


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """One living process."""

    pid: int
    parent_pid: int
    cpu_seconds: float
    """Its own and that of its finished, waited-for children."""
    n_threads: int


def read_process(pid: int) -> ProcessUse | None:
    """What a process uses now; None when it is gone or only waits to be reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The command, in parentheses, may itself hold spaces and parentheses.
    fields = text[text.rindex(")") + 2 :].split()
    if fields[0] in "ZXx":
        return None
    ticks = sum(map(int, fields[11:15]))
    return ProcessUse(pid, int(fields[1]), ticks / TICKS_PER_SECOND, int(fields[17]))


def cpu_seconds(pid: int) -> float:
    """What all threads of one living process have used, to the nanosecond; 0 when it is gone."""
    try:
        return time.clock_gettime(~pid << 3 | CPU_CLOCK)
    except OSError:
        return 0.0


def memory_bytes(pid: int) -> int:
    """What a process holds in memory that no file backs, private or shared; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def runs_another_program(pid: int, than_pid: int) -> bool:
    """Whether a process was started as another program than this one, rather than as a copy of it."""
    return _command_line(pid) != _command_line(than_pid)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def tree(pid: int) -> list[ProcessUse]:
    """The process and all below it, as far as they are alive."""
    root = read_process(pid)
    found = [root] if root else []
    if _kernel_lists_children():
        for process in found:
            found += _alive(listed_children(Path(f"/proc/{process.pid}/task")))
        return found
    below: dict[int, list[ProcessUse]] = defaultdict(list)
    for process in _all_processes():
        below[process.parent_pid].append(process)
    for process in found:
        found += below[process.pid]
    return found


def child_pids(pid: int) -> list[int]:
    """The living direct children of a process."""
    if _kernel_lists_children():
        return [child.pid for child in _alive(listed_children(Path(f"/proc/{pid}/task")))]
    return [process.pid for process in _all_processes() if process.parent_pid == pid]


def listed_children(tasks: Path) -> list[int]:
    """The children that the kernel lists per thread, where it was built to (CONFIG_PROC_CHILDREN)."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in tasks.iterdir():
            children += map(int, (task / "children").read_text().split())
    return children


def _kernel_lists_children() -> bool:
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _all_processes() -> list[ProcessUse]:
    return _alive([int(name) for name in os.listdir("/proc") if name.isdigit()])  # noqa: PTH208 - Path objects are slow


def _alive(pids: list[int]) -> list[ProcessUse]:
    return [use for pid in pids if (use := read_process(pid))]
