from dataclasses import replace

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.front import Front, front_of, timed_front_of
from archgraft.evaluator.latency import Latency
from archgraft.evaluator.paces import LatencyComparison, Pace
from archgraft.evaluator.variants import Variant
from tests.agent.synthetic import SyntheticRun, failed, result_of


def attempt(index: int, score: float | None, n_parameters: int = 0) -> Attempt:
    result = failed(0) if score is None else result_of(score, n_parameters)
    return SyntheticRun.attempt(index, 0 if index else None, None, "", result, None)


def test_the_front_holds_what_is_better_or_cheaper_and_its_volume_what_beats_the_rootstock() -> None:
    attempts = [attempt(0, 80, 1000), attempt(1, 90, 1000), attempt(2, 70, 500), attempt(3, 85, 1500), attempt(4, None)]
    found = front_of(attempts)
    assert found.members == (1, 2)
    # Ten points of score, at half the reference cost in parameters and in FLOPs; candidate 2 scores less.
    assert found.hypervolume == pytest.approx(10 * 0.5 * 0.5)


def test_a_score_of_which_less_is_better_counts_by_its_orientation() -> None:
    attempts = [replace(attempt(index, score, 1000), oriented_score=-score) for index, score in enumerate((3.0, 2.0))]
    assert front_of(attempts).members == (1,)
    assert front_of(attempts).hypervolume == pytest.approx(0.25)


def test_without_a_rootstock_there_is_no_front_yet() -> None:
    assert front_of([]).members == ()
    assert front_of([attempt(1, 90, 1000)]).hypervolume == 0


def timed(ratio: float, doubt: str = "") -> list[LatencyComparison]:
    pace = Pace(Latency(2.0, 3.0, 64), None, 40_000_000, 9)
    return [LatencyComparison(Variant.AS_IS, pace, pace, ratio, ratio, ratio, 30, 1.0, doubt)]


def test_finalists_have_a_front_in_which_latency_counts_where_it_is_believed() -> None:
    attempts = [attempt(0, 80, 1000), attempt(1, 90, 1000), attempt(2, 85, 1000), attempt(3, 86, 1000)]
    latencies = {0: timed(1.01), 1: timed(1.5), 2: timed(0.5), 3: timed(0.1, doubt="it was busy")}
    found = timed_front_of(attempts, latencies)
    assert found.members == (1, 2)
    # Half the reference cost in parameters and in FLOPs; in score and latency two boxes that share a part.
    assert found.hypervolume == pytest.approx((10 * 0.25 + 5 * 0.75 - 5 * 0.25) * 0.5 * 0.5)
    assert timed_front_of(attempts, {}) == Front((), 0.0)
    assert timed_front_of(attempts, {1: []}) == Front((), 0.0)
