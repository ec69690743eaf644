"""The seam between archgraft and whatever isolates a job.

A job names a function (`"package.module:function"`) that runs in a fresh child process, and the message that the child
receives. The child answers with one message; before that it may ask the parent for more, so that what it must not have
yet (validation inputs, say) stays with the parent until the parent's own clock says so. Messages are JSON headers with
raw numeric arrays: nothing a child sends is ever unpickled or executed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Json = None | bool | int | float | str | list[Any] | dict[str, Any]


class Verdict(StrEnum):
    """How a job ended. Everything but `OK` is a recorded result, never an exception (law 4)."""

    OK = "ok"
    RUNTIME_ERROR = "runtime_error"
    SIGNAL = "signal"
    TIMEOUT_WALL = "timeout_wall"
    TIMEOUT_CPU = "timeout_cpu"
    OUT_OF_MEMORY = "out_of_memory"
    THREADS = "threads"
    DISK = "disk"
    OUTPUT_LIMIT = "output_limit"
    PROTOCOL = "protocol"
    NONFINITE = "nonfinite"
    EXIT_EARLY = "exit_early"


class SandboxError(RuntimeError):
    """The sandbox itself is broken: never the candidate's fault, never a bad score (law 4)."""


class SandboxLostError(SandboxError):
    """The sandbox ended while a job ran that can't be run again, or has been: by this job, another, or the machine."""


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON header and named numeric arrays."""

    header: Mapping[str, Json] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One function to run in a fresh child.

    `entry` is `"package.module:function"`; the function takes a `Channel` and returns a `Message`.
    `readable` are folders that the child may import user code from (put first on its `sys.path`, never written).
    """

    entry: str
    message: Message = field(default_factory=Message)
    readable: tuple[Path, ...] = ()
    label: str = ""
    forks: bool = False
    """Whether it may run parts of its work in processes of its own."""
    compiles: bool = False
    """Whether it may besides start programs of the system, in namespaces that are its alone: for `torch.compile` on the
    CPU, which starts a compiler. A sandbox that can't allow that raises `SandboxError` with the reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use; the whole process group dies when a limit is passed."""

    wall_seconds: float = 60.0
    cpu_seconds: float = 120.0
    memory_bytes: int = 4 * 2**30
    output_bytes: int = 256 * 2**20
    file_bytes: int = 64 * 2**20
    log_bytes: int = 64 * 2**10
    n_threads: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job. `message` is present exactly when the verdict is `OK`.

    `reason` is one line for people ("RuntimeError: mat1 and mat2 shapes cannot be multiplied"); `log` is the tail of
    what the child wrote, traceback included. Times are the parent's.
    """

    verdict: Verdict
    reason: str
    message: Message | None
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    tier: str
    log: str = ""
    ready_seconds: float = 0.0
    """Until the child was confined; a part of `wall_seconds`."""
    idle_cpu_seconds: float = 0.0
    """What the child's process used while it should have waited for answers; a part of `cpu_seconds`."""


class Respond(Protocol):
    """Answers a child's question in the parent. It runs in the thread that called `Sandbox.run`."""

    def __call__(self, message: Message) -> Message: ...


class Channel(Protocol):
    """The child's end: the request it was given, and a way to ask the parent for more."""

    request: Message

    def ask(self, message: Message) -> Message: ...


class Sandbox(Protocol):
    """Runs jobs, each in a fresh child. `run` may be called from several threads at once."""

    @property
    def tier(self) -> str:
        """The isolation really active, as its canaries found it."""
        ...

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run one job to its end. Raises `SandboxError` only when the sandbox itself is broken."""
        ...

    def close(self) -> None:
        """Kill whatever still runs and free what is held. Safe to call twice."""
        ...
