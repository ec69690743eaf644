"""How a search looks while it runs: a live panel on a terminal, plain lines in a pipe."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from archgraft.agent.attempt import Attempt
from archgraft.agent.history import line


class Watcher(Protocol):
    """Hears of a search as it goes."""

    def phase(self, text: str) -> None:
        """The search turns to something new."""
        ...

    def warning(self, text: str) -> None:
        """Something about the task is suspicious."""
        ...

    def attempt(self, attempt: Attempt, left: str) -> None:
        """An attempt is finished; `left` says what of the budget remains."""
        ...


@dataclass
class Tally:
    """What a watcher needs to know of the attempts so far."""

    clock: Callable[[], float] = time.monotonic
    rootstock_score: float | None = None
    best: Attempt | None = None
    told: dict[int, Attempt] = field(default_factory=dict)
    """By index; of one that was promoted, the last word."""
    started: float | None = None

    def add(self, attempt: Attempt) -> None:
        """Count an attempt; the rootstock's own is the reference and no attempt."""
        if attempt.index == 0:
            metrics = attempt.result.metrics
            self.rootstock_score = metrics.score if metrics is not None else None
            self.started = self.clock()
        else:
            self.told[attempt.index] = attempt
        if attempt.oriented_score is not None and (
            self.best is None or attempt.oriented_score > (self.best.oriented_score or 0.0)
        ):
            self.best = attempt

    @property
    def n_attempts(self) -> int:
        """Without the rootstock."""
        return len(self.told)

    @property
    def n_improved(self) -> int:
        """Attempts that are better than their parent, beyond noise."""
        return sum(attempt.improved for attempt in self.told.values())

    @property
    def statuses(self) -> Counter[str]:
        """How many attempts ended in each way."""
        return Counter(attempt.status for attempt in self.told.values())

    @property
    def per_minute(self) -> float:
        """Attempts a minute in this session."""
        seconds = self.clock() - self.started if self.started is not None else 0.0
        return 60 * self.n_attempts / seconds if seconds > 0 else 0.0

    def best_line(self) -> str:
        """The best candidate so far against the rootstock."""
        if self.best is None or self.best.result.metrics is None:
            return "no score yet"
        start = "" if self.rootstock_score is None else f" (rootstock {self.rootstock_score:.4g})"
        inherited = "" if self.best.result.from_scratch else " with inherited weights"
        return f"best {self.best.result.metrics.score:.4g} by candidate {self.best.index}{inherited}{start}"

    def failures(self) -> str:
        """Attempts that came to no score, by kind."""
        failed = [f"{count} {status}" for status, count in sorted(self.statuses.items()) if status != "ok"]
        return ", ".join(failed) or "none"


class PlainWatcher:
    """One line per event, for pipes and logs."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo
        self._tally = Tally()

    def phase(self, text: str) -> None:
        """Say it."""
        self._echo(text)

    def warning(self, text: str) -> None:
        """Say it."""
        self._echo(f"Warning: {text}")

    def attempt(self, attempt: Attempt, left: str) -> None:
        """Say what was tried, what came of it, and where the search stands."""
        self._tally.add(attempt)
        rate = f"{self._tally.per_minute:.1f} a minute, " if attempt.index else ""
        self._echo(f"{line(attempt)} | {self._tally.best_line()}, {rate}left {left}")
