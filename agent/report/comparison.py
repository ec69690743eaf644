"""The best candidate against the rootstock: the report's first claim, and how far it can be trusted."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Measurement, Role
from archgraft.evaluator.results import Metrics, Result
from archgraft.evaluator.statistics import Interval, mean_interval, paired_difference

Verdict = Literal["better", "worse", "unclear", "unconfirmed", "unchanged"]
"""`unclear`: the interval of the difference holds zero. `unconfirmed`: fewer than two paired seeds. `unchanged`: the
best candidate is the rootstock itself."""


_SOURCES: tuple[tuple[str, Role | None], ...] = (
    ("test", "finalist"),
    ("validation", "finalist"),
    ("validation", "confirmation"),
    ("validation", "search"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models, with its scores by seed on the split of the comparison."""

    candidate_id: int
    scores: dict[int, float]
    interval: Interval
    metrics: Metrics
    """Sizes, and the medians of what was timed."""
    n_failed: int
    """Evaluations that gave no score."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, measured alike. `difference` is paired by seed and oriented: more is better."""

    rootstock: Side
    best: Side
    split: str
    difference: Interval | None
    verdict: Verdict


def compare(run: RunReader) -> Comparison | None:
    """The best against the rootstock on the test split, or before that is used on validation; None without scores."""
    best = run.best()
    if best is None:
        return None
    for split, role in _SOURCES:
        measured = run.measurements(role, split)
        costs = run.measurements(role, "validation")
        rootstock, winner = _side(measured, costs, 0), _side(measured, costs, best.index)
        if rootstock is not None and winner is not None:
            orient = run.info.metric.oriented
            paired = sorted(rootstock.scores.keys() & winner.scores.keys())
            ours, theirs = ([orient(side.scores[seed]) for seed in paired] for side in (winner, rootstock))
            difference = paired_difference(ours, theirs) if paired and best.index else None
            return Comparison(rootstock, winner, split, difference, _verdict(best.index, difference))
    return None


def _side(measured: Sequence[Measurement], costs: Sequence[Measurement], candidate_id: int) -> Side | None:
    results = [item.result for item in measured if item.candidate_id == candidate_id]
    scores = {result.seed: result.metrics.score for result in results if result.ok and result.metrics is not None}
    if not scores:
        return None
    # Costs are measured when a model was trained, so beside its validation score.
    trained = [item.result for item in costs if item.candidate_id == candidate_id]
    metrics = [result.metrics for result in (trained or results) if result.ok and result.metrics is not None]
    interval = mean_interval(list(scores.values()))
    return Side(candidate_id, scores, interval, _typical(metrics), _n_failed(results))


def _n_failed(results: Sequence[Result]) -> int:
    return sum(not result.ok for result in results)


def _typical(measured: Sequence[Metrics]) -> Metrics:
    first = measured[0]
    return Metrics(
        score=statistics.fmean(metrics.score for metrics in measured),
        train_loss=statistics.fmean(metrics.train_loss for metrics in measured),
        n_parameters=first.n_parameters,
        flops=first.flops,
        latency_ms=statistics.median(metrics.latency_ms for metrics in measured),
        latency_ms_p95=statistics.median(metrics.latency_ms_p95 for metrics in measured),
        latency_batch=first.latency_batch,
        peak_memory_bytes=max(metrics.peak_memory_bytes for metrics in measured),
    )


def _verdict(best: int, difference: Interval | None) -> Verdict:
    if best == 0:
        return "unchanged"
    if difference is None or not difference.known:
        return "unconfirmed"
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "unclear"
