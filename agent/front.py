"""The candidates that nothing beats in score and costs at once, and how much they cover together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.pareto import hypervolume, on_front
from archgraft.evaluator.variants import Variant

REFERENCE_COST = 2.0
"""Times the rootstock's costs: what costs more, or scores less than the rootstock, covers nothing."""


@dataclass(frozen=True, slots=True)
class Front:
    """The front of a few models.

    `hypervolume` is in units of the score times shares of the reference costs, so runs from the same rootstock on the
    same task can be compared.
    """

    members: tuple[int, ...]
    """Attempts, in order; the rootstock is 0."""
    hypervolume: float


def front_of(attempts: Sequence[Attempt]) -> Front:
    """The front in score, parameters and FLOPs of all scored attempts. Empty while the rootstock has no score."""
    return _front(attempts, {})


def timed_front_of(attempts: Sequence[Attempt], latencies: Mapping[int, Sequence[LatencyComparison]]) -> Front:
    """The front in score, parameters, FLOPs and latency, of the rootstock and the finalists whose ratio is believed.

    Apart from the other, as only finalists are timed beside the rootstock, and times differ from one run to the next.
    Empty before the finals.
    """
    ratios = {
        index: found.ratio
        for index, comparisons in latencies.items()
        for found in comparisons
        if found.variant is Variant.AS_IS and not found.doubt
    }
    if not ratios:
        return Front((), 0.0)
    ratios[0] = 1.0
    return _front([attempt for attempt in attempts if attempt.index in ratios], ratios)


def _front(attempts: Sequence[Attempt], ratios: Mapping[int, float]) -> Front:
    scored = [attempt for attempt in attempts if attempt.oriented_score is not None]
    if not scored or scored[0].index != 0:
        return Front((), 0.0)
    points = np.array([_point(attempt, ratios) for attempt in scored])
    points[:, 1:] /= REFERENCE_COST * points[0, 1:]
    reference = np.array([points[0, 0], *np.ones(points.shape[1] - 1)])
    members = tuple(attempt.index for attempt, kept in zip(scored, on_front(points)) if kept)
    return Front(members, hypervolume(points, reference))


def _point(attempt: Attempt, ratios: Mapping[int, float]) -> tuple[float, ...]:
    """What is to be made small."""
    metrics, score = attempt.result.metrics, attempt.oriented_score
    assert metrics is not None, "a scored attempt was measured"
    assert score is not None, "only scored attempts are asked for"
    costs = (float(metrics.n_parameters), float(metrics.flops))
    return (-score, *costs, ratios[attempt.index]) if ratios else (-score, *costs)
