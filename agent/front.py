"""The candidates that nothing beats in score, parameters and FLOPs at once, and how much they cover together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.evaluator.pareto import hypervolume, on_front

REFERENCE_COST = 2.0
"""Times the rootstock's parameters and FLOPs: what costs more, or scores less than the rootstock, covers nothing."""


@dataclass(frozen=True, slots=True)
class Front:
    """The front of three objectives; latency is left out, as it differs from one run to the next.

    `hypervolume` is in units of the score times shares of the reference costs, so runs from the same rootstock on the
    same task can be compared.
    """

    members: tuple[int, ...]
    """Attempts, in order; the rootstock is 0."""
    hypervolume: float


def front_of(attempts: Sequence[Attempt]) -> Front:
    """The front of all scored attempts. Empty while the rootstock has no score."""
    scored = [attempt for attempt in attempts if attempt.oriented_score is not None]
    if not scored or scored[0].index != 0:
        return Front((), 0.0)
    points = np.array([_point(attempt) for attempt in scored])
    points[:, 1:] /= REFERENCE_COST * points[0, 1:]
    reference = np.array([points[0, 0], 1.0, 1.0])
    members = tuple(attempt.index for attempt, kept in zip(scored, on_front(points)) if kept)
    return Front(members, hypervolume(points, reference))


def _point(attempt: Attempt) -> tuple[float, float, float]:
    """What is to be made small."""
    metrics, score = attempt.result.metrics, attempt.oriented_score
    assert metrics is not None, "a scored attempt was measured"
    assert score is not None, "only scored attempts are asked for"
    return -score, float(metrics.n_parameters), float(metrics.flops)
