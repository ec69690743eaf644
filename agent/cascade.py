"""What each stage of the cascade did in a run: how many it saw, what it cost, and how often it was wrong.

A stage's errors are known by those that it would have rejected and that passed by chance: one of them that turned out
better than its parent, beyond noise, would have been a wrong rejection.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.records import Promoted
from archgraft.evaluator.results import Passage, Stage, StageRecord, Status
from archgraft.evaluator.statistics import Interval, share_interval

_ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class StageTally:
    """One stage over all attempts."""

    stage: Stage
    n_entered: int
    n_rejected: int
    n_let_through: int
    wrong: Interval | None
    """The share of those let through and trained in full that improved on their parent; none without any."""
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class RungTally:
    """One step up the ladder: who was on the lower rung, and what became of those who went up."""

    rung: int
    n_below: int
    n_by_rank: int
    n_by_chance: int
    wrong: Interval | None
    """The share of those who went up by chance alone that improved on their parent on the higher rung."""
    rank_correlation: float | None
    """Spearman's, between the scores on both rungs, of all who have both; none for fewer than three."""


def stage_tallies(attempts: Sequence[Attempt]) -> list[StageTally]:
    """The stages that anybody entered, in the order of the cascade; the rootstock, attempt 0, doesn't count."""
    entered: dict[Stage, list[tuple[Attempt, StageRecord]]] = {}
    for attempt in attempts:
        for record in attempt.result.stages if attempt.index else ():
            entered.setdefault(record.stage, []).append((attempt, record))
    return [_stage_tally(stage, entered[stage]) for stage in sorted(entered, key=_ORDER.index)]


def _stage_tally(stage: Stage, entered: Sequence[tuple[Attempt, StageRecord]]) -> StageTally:
    passages = [record.passage for _, record in entered]
    let_through = [attempt for attempt, record in entered if record.passage is Passage.LET_THROUGH]
    return StageTally(
        stage=stage,
        n_entered=len(entered),
        n_rejected=passages.count(Passage.REJECTED),
        n_let_through=len(let_through),
        wrong=_improved(attempt for attempt in let_through if attempt.status is not Status.NOT_PROMOTED),
        wall_seconds=sum(record.wall_seconds for _, record in entered),
    )


def rung_tallies(attempts: Sequence[Attempt], promotions: Sequence[Promoted]) -> list[RungTally]:
    """The steps of the ladder from the lowest; none where all candidates are trained in full at once."""
    n_rungs = max((len(attempt.rung_scores) for attempt in attempts), default=0)
    return [_rung_tally(rung, attempts, promotions) for rung in range(1, n_rungs)]


def _rung_tally(rung: int, attempts: Sequence[Attempt], promotions: Sequence[Promoted]) -> RungTally:
    went_up = [one for one in promotions if one.promotion.rung == rung]
    by_chance = [one.attempt for one in went_up if one.promotion.by_chance]
    pairs = [attempt.rung_scores[rung - 1 : rung + 1] for attempt in attempts if len(attempt.rung_scores) > rung]
    return RungTally(
        rung=rung,
        n_below=sum(len(attempt.rung_scores) >= rung for attempt in attempts if attempt.index),
        n_by_rank=len(went_up) - len(by_chance),
        n_by_chance=len(by_chance),
        wrong=_improved(by_chance),
        rank_correlation=_spearman(pairs),
    )


def _improved(attempts: Iterable[Attempt]) -> Interval | None:
    found = [attempt.improved for attempt in attempts]
    return share_interval(sum(found), len(found)) if found else None


def _spearman(pairs: Sequence[tuple[float, ...]]) -> float | None:
    from scipy.stats import spearmanr

    lower, upper = ([pair[place] for pair in pairs] for place in (0, 1))
    if len(pairs) < 3 or len(set(lower)) < 2 or len(set(upper)) < 2:
        return None
    return float(spearmanr(lower, upper).statistic)
