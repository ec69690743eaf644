"""The sandbox of a Mac: a fresh interpreter per job under Seatbelt. Not yet tested on a Mac."""

import os
import threading
import weakref
from pathlib import Path
from types import TracebackType

from archgraft.sandbox.canaries import CanaryReport, tier_of
from archgraft.sandbox.darwin.canaries import check
from archgraft.sandbox.darwin.interpreters import Interpreters
from archgraft.sandbox.darwin.profile import PROGRAM
from archgraft.sandbox.job_host import HostLostError
from archgraft.sandbox.job_run import run_job
from archgraft.sandbox.protocol import Job, Limits, Outcome, Respond, SandboxError, SandboxLostError


class SeatbeltSandbox:
    """Runs each job in a fresh interpreter that `sandbox-exec` confines. A context manager; for macOS.

    A job costs what an interpreter and its imports cost (seconds, where it needs torch): a process that has used
    Apple's libraries can't be forked safely, so there is no zygote. A machine that can't confine foreign code is
    refused unless `allow_weak`. `program` is what confines: for tests only.
    """

    def __init__(self, *, allow_weak: bool = False, program: Path = PROGRAM) -> None:
        self._allow_weak = allow_weak
        self._holder = _Holder(program)
        self._finalizer = weakref.finalize(self, self._holder.close)

    @property
    def tier(self) -> str:
        """The isolation really active, as in `canaries.DESCRIPTIONS`. Raises `SandboxError`."""
        return tier_of(self.canaries, allow_weak=self._allow_weak)

    @property
    def canaries(self) -> tuple[CanaryReport, ...]:
        """What the canaries found, one row per layer; they are sent once."""
        return self._holder.get()[1]

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run one job to its end. Raises what `respond` raises, and `SandboxError` when the sandbox is broken."""
        interpreters, canaries = self._holder.get()
        tier = tier_of(canaries, allow_weak=self._allow_weak)
        try:
            return run_job(interpreters, tier, job, limits, respond)
        except HostLostError as error:
            raise SandboxLostError(f"the sandbox ended while {job.label or job.entry} ran: {error}") from error

    def close(self) -> None:
        """Kill whatever still runs and free what is held. Safe to call twice."""
        self._finalizer()

    def __enter__(self) -> "SeatbeltSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Holder:
    """The interpreters and what the canaries found, from the first job on."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._owner_pid = os.getpid()
        self._closed = False
        self._lock = threading.Lock()
        self._current: tuple[Interpreters, tuple[CanaryReport, ...]] | None = None

    def get(self) -> tuple[Interpreters, tuple[CanaryReport, ...]]:
        """Raises `SandboxError` when the sandbox is closed or can't run its canaries."""
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed")
            if self._current is None:
                interpreters = Interpreters(self._program)
                try:
                    reports = check(lambda job, limits: run_job(interpreters, "", job, limits, None))
                except BaseException:
                    interpreters.close()
                    raise
                self._current = interpreters, reports
            return self._current

    def close(self) -> None:
        """End all; a forked copy of this process leaves its parent's alone."""
        if os.getpid() != self._owner_pid:
            return
        with self._lock:
            self._closed = True
            if self._current:
                self._current[0].close()
                self._current = None
