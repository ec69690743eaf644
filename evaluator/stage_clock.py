"""How long a candidate was in each stage of the cascade, by the parent's clock, and how it left it."""

import time
from collections.abc import Callable

from archgraft.evaluator.results import Passage, Stage, StageRecord


class StageClock:
    """Runs from its making on. A stage that is entered again goes on where it was left."""

    def __init__(self, first: Stage, clock: Callable[[], float] = time.perf_counter) -> None:
        self.current = first
        self._clock = clock
        self._entered = clock()
        self._seconds: dict[Stage, float] = {first: 0.0}
        self._let_through: dict[Stage, str] = {}

    def enter(self, stage: Stage) -> None:
        """The stage before it is passed."""
        now = self._clock()
        self._seconds[self.current] += now - self._entered
        self._seconds.setdefault(stage, 0.0)
        self.current, self._entered = stage, now

    def let_through(self, reason: str) -> None:
        """The current stage would have rejected the candidate; the first reason counts."""
        self._let_through.setdefault(self.current, reason)

    def records(self, fault: str) -> tuple[StageRecord, ...]:
        """All stages in the order in which they were first entered; with a fault, the current one rejected."""
        self.enter(self.current)
        return tuple(
            StageRecord(stage, *self._word(stage, fault if stage is self.current else ""))
            for stage in self._seconds
            if stage is not Stage.DONE or fault
        )

    def _word(self, stage: Stage, fault: str) -> tuple[Passage, float, str]:
        let_through = self._let_through.get(stage, "")
        passage = Passage.REJECTED if fault else Passage.LET_THROUGH if let_through else Passage.PASSED
        return passage, self._seconds[stage], fault or let_through
