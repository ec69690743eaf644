"""Levels of training effort, and who goes up: successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943).

Each rung is a training of its own, from scratch and with a whole schedule: a model in the middle of a long schedule,
its rate still high, says less of its end than one at the end of a short schedule. All trainings of a candidate that
goes up to the top cost less than `1 / (1 - 1/reduction)` times the last one, and no state of an unfinished training has
to be kept.
"""

import math
from collections.abc import Mapping


def epochs_by_rung(epochs: int, n_rungs: int, reduction: int) -> tuple[int, ...]:
    """The epochs of each rung: the top has them all, each below a `reduction`-th. Raises `ValueError`.

    It is raised for fewer epochs than make the rungs differ.
    """
    found = tuple(round(epochs / reduction**below) for below in reversed(range(n_rungs)))
    if found[0] < 1 or len(set(found)) < n_rungs:
        least = next(n for n in range(1, 10**9) if _differ(n, n_rungs, reduction))
        raise ValueError(
            f"{n_rungs} rungs, each of {reduction} times the epochs of the one below, need at least {least} epochs, "
            f"but there are {epochs}"
        )
    return found


def _differ(epochs: int, n_rungs: int, reduction: int) -> bool:
    found = {round(epochs / reduction**below) for below in range(n_rungs)}
    return 0 not in found and len(found) == n_rungs


def best_share(scores: Mapping[int, float], reduction: int) -> list[int]:
    """The best `1 / reduction` of those with a score on a rung, rounded down, best first; ties go to the earlier."""
    ranked = sorted(scores, key=lambda candidate: (-scores[candidate], candidate))
    return ranked[: math.floor(len(ranked) / reduction)]
