import math
from typing import Any

import numpy as np
import pytest

from archgraft.evaluator.paces import Rounds, Taken, UntimedError, doubt_about, median_interval

N = 30


def rounds(beside: float = 1.8, **changes: Any) -> Rounds:
    """Four batches a round, a way there and back of one second."""
    made = Rounds(4, 64, Taken([1.4] * N), Taken([beside] * N), [1.8] * 10, [1.8] * 10, [1.0] * N)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_pass_is_told_without_the_way_there_and_back() -> None:
    assert rounds().passes([1.4, 1.8]).tolist() == pytest.approx([0.1, 0.2])
    with pytest.raises(UntimedError, match="no longer than the way"):
        rounds().passes([1.0] * 8)


def test_a_candidate_is_believed_that_waits_and_leaves_the_rootstock_in_peace() -> None:
    assert doubt_about(rounds(), idle_cpu_seconds=0.01, waited_seconds=1.0) == ""


def test_processor_time_out_of_turn_is_a_reason_for_doubt() -> None:
    doubt = doubt_about(rounds(), idle_cpu_seconds=0.5, waited_seconds=1.0)
    assert "0.50 s of processor time in the 1.00 s it should have waited" in doubt


def test_a_rootstock_slowed_down_beside_the_candidate_alone_is_a_reason_for_doubt() -> None:
    assert "2.00 times as long" in doubt_about(rounds(beside=2.6), 0.0, 1.0)
    moody = rounds(beside=2.6, alone_after=[2.6] * 10)  # it stays as slow once the candidate is gone
    assert doubt_about(moody, 0.0, 1.0) == ""
    unclear = rounds(beside=2.6, alone_after=[1.8] * 5 + [2.6] * 5)
    assert doubt_about(unclear, 0.0, 1.0) == ""
    assert doubt_about(rounds(beside=1.84), 0.0, 1.0) == ""  # by a twentieth: within what another load does


def test_the_median_s_interval_is_two_of_the_values() -> None:
    assert median_interval(range(1, 7)) == (3.5, 1, 6)  # of six, 1 - 2 / 2**6 = 97 %
    assert median_interval(range(1, 31)) == (15.5, 10, 21)  # Conover's table: the 10th and the 21st of 30
    assert median_interval([1.0, 2.0]) == (1.5, -math.inf, math.inf)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = [
        low <= 1 <= high
        for _, low, high in (median_interval(generator.lognormal(size=30).tolist()) for _ in range(400))
    ]
    assert 0.93 < np.mean(held) <= 1
