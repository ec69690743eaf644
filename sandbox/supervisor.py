"""The sandbox of one machine: a zygote, and one confined child per job."""

import os
import threading
import weakref
from collections.abc import Collection, Sequence
from types import TracebackType

from archgraft.sandbox.canaries import CanaryReport, check, tier_of
from archgraft.sandbox.job_host import HostLostError
from archgraft.sandbox.job_run import run_job
from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Respond, SandboxError, SandboxLostError
from archgraft.sandbox.zygote_process import ZygoteProcess

PRELOAD = ("numpy", "torch")
TRAINING_PRELOAD = ("torch._dynamo", "torch.utils.flop_counter")
"""The first optimiser imports torch._dynamo: over a second in each child, once in the zygote."""


class LocalSandbox:
    """Runs each job in a fresh child of a zygote that has torch imported. A context manager; Linux only.

    `preload` names further modules of archgraft that jobs need: they are imported once, so they must not compute.
    `training=False` starts in half the time, for jobs that have no optimiser.
    A machine that can't confine foreign code is refused unless `allow_weak`. `without` leaves layers out, to see what
    the others hold: for tests and measurements only.
    The zygote starts with the first job. When it ends under a job that has not asked for anything yet, the job is run
    once more in a new one.
    """

    def __init__(
        self,
        preload: Sequence[str] = (),
        *,
        training: bool = True,
        allow_weak: bool = False,
        without: Collection[Layer] = (),
    ) -> None:
        self._allow_weak = allow_weak
        self._holder = ZygoteHolder((*PRELOAD, *(TRAINING_PRELOAD if training else ()), *preload), without)
        # Also runs when the sandbox is dropped without `close`, and at the interpreter's end.
        self._finalizer = weakref.finalize(self, self._holder.close)

    @property
    def tier(self) -> str:
        """The isolation really active, as in `canaries.DESCRIPTIONS`. Starts the zygote. Raises `SandboxError`."""
        return tier_of(self.canaries, allow_weak=self._allow_weak)

    @property
    def canaries(self) -> tuple[CanaryReport, ...]:
        """What the canaries found, one row per layer. Starts the zygote."""
        return self._holder.get()[1]

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run one job to its end. Raises what `respond` raises, and `SandboxError` when the sandbox is broken."""
        n_asked = 0

        def counted(message: Message) -> Message:
            nonlocal n_asked
            n_asked += 1
            assert respond is not None
            return respond(message)

        for last_try in (False, True):
            zygote, canaries = self._holder.get()
            try:
                tier = tier_of(canaries, allow_weak=self._allow_weak)
                return run_job(zygote, tier, job, limits, counted if respond else None)
            except HostLostError as error:
                # What `respond` gave away can't be taken back, so such a job is not run again.
                if last_try or n_asked or self._holder.closed:
                    what = job.label or job.entry
                    raise SandboxLostError(f"the sandbox ended while {what} ran: {error}") from error
        raise AssertionError("the loop returns or raises")

    def close(self) -> None:
        """Kill whatever still runs and free what is held. Safe to call twice."""
        self._finalizer()

    def __enter__(self) -> "LocalSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ZygoteHolder:
    """The current zygote and what its canaries found; a dead one is replaced when it is next needed."""

    def __init__(self, preload: Sequence[str], without: Collection[Layer]) -> None:
        self.closed = False
        self._without = without
        self._owner_pid = os.getpid()
        self._preload = preload
        self._lock = threading.Lock()
        self._current: tuple[ZygoteProcess, tuple[CanaryReport, ...]] | None = None

    def get(self) -> tuple[ZygoteProcess, tuple[CanaryReport, ...]]:
        """A living zygote. Raises `SandboxError` when the sandbox is closed or none can be started."""
        with self._lock:
            if self.closed:
                raise SandboxError("the sandbox is closed")
            if self._current and not self._current[0].alive:
                self._current[0].close()
                self._current = None
            if self._current is None:
                self._current = self._start()
            return self._current

    def _start(self) -> tuple[ZygoteProcess, tuple[CanaryReport, ...]]:
        zygote = ZygoteProcess(self._preload, self._without)
        try:

            def run(job: Job, limits: Limits) -> Outcome:
                return run_job(zygote, "", job, limits, None)

            return zygote, check(
                run, wrapped=zygote.wrapped, grouped=zygote.grouped, compile_refusal=zygote.compile_refusal
            )
        except HostLostError as error:
            zygote.close()
            raise SandboxError(f"the sandbox ended while its canaries ran: {error}") from error

    def close(self) -> None:
        """End the zygote and all it runs; a forked copy of this process leaves its parent's alone."""
        if os.getpid() != self._owner_pid:
            return
        with self._lock:
            self.closed = True
            if self._current:
                self._current[0].close()
                self._current = None
