"""A sandbox that goes on when a job ends it: one hostile class among thousands must not stop the mining of the rest."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from archgraft.sandbox.protocol import Job, Limits, Outcome, Respond, Sandbox, SandboxLostError, Verdict

R = TypeVar("R")


class SteadySandbox:
    """Runs jobs in another sandbox; one under which that sandbox was lost is run again with nothing beside it.

    When it is lost again, and starts anew all the same, then the machine is sound and the job is at fault: its verdict
    is `SIGNAL`. A sandbox that doesn't start any more is broken, and no fault of any job (law 4). Jobs that ask for
    something are not run again. Closing is left to the owner of the other sandbox.
    """

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self._turns = _Turns()

    @property
    def tier(self) -> str:
        """The isolation really active."""
        return self._inner.tier

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run one job to its end. Raises what `respond` raises, and `SandboxError` when the sandbox is broken."""
        try:
            with self._turns.together():
                return self._inner.run(job, limits, respond)
        except SandboxLostError:
            if respond is not None:
                raise
        with self._turns.alone():
            try:
                return self._inner.run(job, limits)
            except SandboxLostError as error:
                tier = self._inner.tier  # starts it, and raises when that is not possible
                reason = f"it ends the sandbox that runs it, with nothing running beside it: {error}"
                return Outcome(Verdict.SIGNAL, reason, None, 0.0, 0.0, 0, tier)

    def close(self) -> None:
        """Leave the other sandbox to its owner."""


def once_more_when_lost(sandbox: Sandbox, work: Callable[[], R]) -> R:
    """What some work gives, done anew from its start when the sandbox was lost under it: killed from outside, mostly.

    For work in a dialogue with its job, which no sandbox can take up midway. Raises `SandboxError` when the sandbox
    does not start any more, or is lost again: then the same command takes the work up again.
    """
    try:
        return work()
    except SandboxLostError:
        _ = sandbox.tier  # starts it, and raises when that is not possible
        return work()


class _Turns:
    """Jobs run together, or one of them alone; who waits to be alone lets no further ones begin."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._n_together = 0
        self._n_alone = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._n_alone)
            self._n_together += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_together -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._n_alone += 1
            self._changed.wait_for(lambda: not self._n_together)
            try:
                yield  # held all the while, so that of several who want to be alone one comes after the other
            finally:
                self._n_alone -= 1
                self._changed.notify_all()
