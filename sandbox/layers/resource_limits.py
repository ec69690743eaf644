"""The kernel's limits on one process."""

import math
import resource
from pathlib import Path

MAX_OPEN_FILES = 256
MAX_TASKS = 512
"""Threads and processes of one job."""
MAX_LOCKED_BYTES = 8 * 2**20
MAX_PENDING_SIGNALS = 1024


def limit_resources(cpu_seconds: float, memory_bytes: int, file_bytes: int, *, tasks: bool) -> None:
    """Set the limits. Memory counts from what this process already has (copied from the zygote).

    `tasks` limits threads too; only where they are counted for this job alone.
    """
    cpu = max(1, math.ceil(cpu_seconds))
    # RLIMIT_DATA, not RLIMIT_AS: CUDA reserves far more addresses than it ever uses.
    data = _data_bytes() + memory_bytes
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_DATA: (data, data),
        resource.RLIMIT_FSIZE: (file_bytes, file_bytes),
        resource.RLIMIT_NOFILE: (MAX_OPEN_FILES, MAX_OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
        resource.RLIMIT_MEMLOCK: (MAX_LOCKED_BYTES, MAX_LOCKED_BYTES),
        resource.RLIMIT_SIGPENDING: (MAX_PENDING_SIGNALS, MAX_PENDING_SIGNALS),
        resource.RLIMIT_NICE: (0, 0),
        resource.RLIMIT_RTPRIO: (0, 0),
    }
    if tasks:
        wanted[resource.RLIMIT_NPROC] = (MAX_TASKS, MAX_TASKS)
    for kind, (soft, hard) in wanted.items():
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))


def _data_bytes() -> int:
    """Data and stack of this process: what RLIMIT_DATA counts, and a little more."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
