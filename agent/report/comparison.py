"""The best candidate against the rootstock: the report's first claim, and how far it can be trusted."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archgraft.agent.genes.fairness import ROOTSTOCK, control_means, final_means, owners_in
from archgraft.agent.genes.space import Genes
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Measurement, Role
from archgraft.evaluator.results import Metrics, Result
from archgraft.evaluator.statistics import Interval, mean_interval, paired_difference
from archgraft.evaluator.tasks.protocol import Metric

Verdict = Literal["better", "worse", "unclear", "unconfirmed", "unchanged"]
"""`unclear`: the interval of the difference holds zero. `unconfirmed`: fewer than two paired seeds. `unchanged`: the
best candidate is the rootstock itself.

A candidate with genes of its own is `better` only than both rootstocks, the one with the task's recipe and its control,
and `worse` than either. No correction for two tests is due: each must hold (Berger 1982, "Multiparameter hypothesis
testing and acceptance sampling", theorem 2)."""


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
class Control:
    """The rootstock with the best candidate's recipe. Both differences are paired by seed and oriented."""

    side: Side
    difference: Interval | None
    """The best candidate against it: what the architecture brings."""
    recipe_gain: Interval | None
    """It against the rootstock with the task's recipe: what the recipe brings without the architecture."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, measured alike. `difference` is paired by seed and oriented: more is better."""

    rootstock: Side
    best: Side
    split: str
    difference: Interval | None
    verdict: Verdict
    genes: Genes
    """What of the recipe is the best candidate's own."""
    control: Control | None
    """None without genes, before the finals, and where the rootstock can't be trained with that recipe."""
    better_recipe: Genes
    """Where nothing beat the rootstock: a finalist's genes that the rootstock itself did better with, on validation."""


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
            metric = run.info.metric
            difference = _difference(winner, rootstock, metric) if best.index else None
            control = _control(run, rootstock, winner, split)
            differences = [difference]
            if best.genes and not _is_untrainable(run, best.index):
                differences.append(control.difference if control is not None else None)
            verdict = _verdict(differences) if best.index else "unchanged"
            better = {} if best.index else _better_recipe(run)
            return Comparison(rootstock, winner, split, difference, verdict, best.genes, control, better)
    return None


def _difference(ours: Side, theirs: Side, metric: Metric) -> Interval | None:
    paired = sorted(ours.scores.keys() & theirs.scores.keys())
    mine, other = ([metric.oriented(side.scores[seed]) for seed in paired] for side in (ours, theirs))
    return paired_difference(mine, other) if paired else None


def _control(run: RunReader, rootstock: Side, winner: Side, split: str) -> Control | None:
    owner = owners_in(run).get(winner.candidate_id)
    if owner is None:
        return None
    side = _side(run.measurements("control", split), run.measurements("control", "validation"), owner)
    if side is None:
        return None
    metric = run.info.metric
    return Control(side, _difference(winner, side, metric), _difference(side, rootstock, metric))


def _is_untrainable(run: RunReader, candidate_id: int) -> bool:
    """Whether the rootstock failed with a candidate's recipe, each time: then its own is the better one."""
    owner = owners_in(run).get(candidate_id)
    tried = [one.result.ok for one in run.measurements("control", "validation") if one.candidate_id == owner]
    return bool(tried) and not any(tried)


def _better_recipe(run: RunReader) -> Genes:
    means, finals = control_means(run), final_means(run, "finalist")
    better = [candidate for candidate, mean in means.items() if mean > finals.get(ROOTSTOCK, mean)]
    return run.genes()[max(better, key=lambda candidate: means[candidate])] if better else {}


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


def _verdict(differences: Sequence[Interval | None]) -> Verdict:
    known = [one for one in differences if one is not None and one.known]
    if len(known) < len(differences):
        return "unconfirmed"
    if all(one.above_zero for one in known):
        return "better"
    return "worse" if any(one.high < 0 for one in known) else "unclear"
