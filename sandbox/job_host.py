"""Who starts the processes of a job, tells what they use, and kills them: the part of a sandbox that differs by system.

`JobRun` talks with the child and judges it; it leaves everything that needs the system's own ways to a `JobHost`.
"""

import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from archgraft.sandbox.protocol import Job, Limits


class HostLostError(RuntimeError):
    """What runs the jobs ended while something was expected of it."""


@dataclass
class RunningJob:
    """What is known about one job so far."""

    number: int
    scratch: Path
    pid: int | None = None
    status: int | None = None
    """As `os.wait` gives it, once its first process has ended."""
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    compiles: bool = False
    """Whether it may start programs."""
    n_memory_kills: int = 0
    """How many of its processes the kernel has killed because all of them together held too much memory."""
    n_refused_tasks: int = 0
    """How often the kernel refused it a further process or thread."""
    fault: str = ""
    """What went wrong with the host, not with the job."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when nothing of the job is left."""


@dataclass(frozen=True, slots=True)
class JobUse:
    """What all living processes of a job use at this moment."""

    cpu_seconds: float
    memory_bytes: int
    n_processes: int
    n_threads: int
    """0 where the system doesn't tell."""


class JobHost(Protocol):
    """Starts and ends jobs. All methods may be called from several threads."""

    memory_bytes: int
    """What every process has in memory before its job begins, shared with the host; no job is charged for it."""
    scratch_is_capped: bool
    """Whether each job's scratch is a file system that can't outgrow its limit, which then nobody has to watch."""

    def start(self, job: Job, limits: Limits, job_socket: socket.socket, log_descriptor: int) -> RunningJob:
        """Start a confined child that has these two descriptors. Raises `HostLostError`, or `SandboxError`."""
        ...

    def use(self, job: RunningJob) -> JobUse:
        """What a started job uses now; as much as can be told."""
        ...

    def kill(self, job: RunningJob) -> None:
        """Kill a job and all that it started; returns when nothing of it is left. Raises `HostLostError`.

        Sets what the kernel did to the job, where it tells.
        """
        ...

    def forget(self, job: RunningJob) -> None:
        """Remove what a finished job left."""
        ...
