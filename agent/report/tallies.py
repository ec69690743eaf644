"""What failed and why, and what each kind of edit brought."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archgraft.agent.attempt import Attempt
from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.statistics import Interval, mean_interval
from archgraft.evaluator.tasks.protocol import Metric


@dataclass(frozen=True, slots=True)
class Failure:
    """The attempts that ended with one status at one stage."""

    status: Status
    stage: Stage
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one operator or module family brought. `gain` is over its scored attempts, against their parents."""

    name: str
    n_tried: int
    n_valid: int
    n_improved: int
    gain: Interval | None


@dataclass(frozen=True, slots=True)
class InheritedTally:
    """The attempts that began with their parent's trained weights and came to a score."""

    n: int
    n_above_parent: int
    """How many score above what their parent once had: flattering, as they were trained longer."""
    n_above_control: int
    """How many score above the parent trained equally longer."""
    n_improved: int
    """How many do so beyond noise."""


def inherited_tally(attempts: Sequence[Attempt], metric: Metric) -> InheritedTally:
    """How what inherited its weights compares with its parents, as they were and trained equally longer."""
    measured = {one.index: metric.oriented(one.result.metrics.score) for one in attempts if one.result.metrics}
    heirs = [one for one in attempts if not one.result.from_scratch and one.gain is not None]
    return InheritedTally(
        n=len(heirs),
        n_above_parent=sum(measured[one.index] > measured[one.parent_id or 0] for one in heirs),
        n_above_control=sum((one.gain or 0.0) > 0 for one in heirs),
        n_improved=sum(one.improved for one in heirs),
    )


def is_failure(attempt: Attempt) -> bool:
    """Whether an attempt went wrong; one that was outranked, stopped early or not promoted was merely behind."""
    return attempt.status not in (Status.OK, Status.OUTRANKED, Status.STOPPED_EARLY, Status.NOT_PROMOTED)


def failures(attempts: Sequence[Attempt]) -> list[Failure]:
    """The failed attempts by status and stage, most frequent first."""
    groups: dict[tuple[Status, Stage], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if is_failure(attempt):
            groups[attempt.status, attempt.result.stage].append(attempt)
    found = [Failure(status, stage, tuple(group)) for (status, stage), group in groups.items()]
    return sorted(found, key=lambda failure: (-len(failure.attempts), failure.status, failure.stage))


def by_operator(attempts: Sequence[Attempt]) -> list[Contribution]:
    """What each operator brought; attempts for which no edit was found are left out."""
    return _contributions(attempts, lambda attempt: (attempt.operator or "").replace("_", " "))


def by_family(attempts: Sequence[Attempt]) -> list[Contribution]:
    """What each module family brought; for edits without a graft, the host's class or argument."""
    return _contributions(attempts, lambda attempt: attempt.family if attempt.operator is not None else "")


def _contributions(attempts: Sequence[Attempt], key: Callable[[Attempt], str]) -> list[Contribution]:
    groups: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        groups[key(attempt)].append(attempt)
    groups.pop("", None)
    found = [_contribution(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda item: (-item.n_improved, -item.n_tried, item.name))


def _contribution(name: str, attempts: Sequence[Attempt]) -> Contribution:
    gains = [attempt.gain for attempt in attempts if attempt.gain is not None]
    return Contribution(
        name=name,
        n_tried=len(attempts),
        n_valid=sum(not is_failure(attempt) for attempt in attempts),
        n_improved=sum(attempt.improved for attempt in attempts),
        gain=mean_interval(gains) if gains else None,
    )
