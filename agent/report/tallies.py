"""What failed and why, and what each kind of edit brought."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archgraft.agent.attempt import Attempt
from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.statistics import Interval, mean_interval


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
