import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.statistics import mean_interval, paired_difference, seed_noise, share_interval


def test_the_interval_is_students() -> None:
    interval = mean_interval([1.0, 2.0, 3.0])
    assert interval.mean == 2.0
    assert interval.half_width == pytest.approx(4.302653 / np.sqrt(3), abs=1e-5)  # t of 2 degrees, 97.5 %


def test_one_seed_says_nothing_of_noise() -> None:
    assert mean_interval([5.0]).half_width == np.inf
    assert seed_noise([5.0]) == np.inf


def test_pairing_by_seed_finds_a_difference_that_the_spread_hides() -> None:
    rootstock = np.array([80.0, 90.0, 85.0])
    assert paired_difference(rootstock + np.array([1.0, 1.1, 0.9]), rootstock).above_zero
    assert not paired_difference(rootstock + np.array([1.0, -2.0, 0.9]), rootstock).above_zero


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_values_must_be_finite_numbers(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_interval(values)


def test_pairs_must_have_one_length() -> None:
    with pytest.raises(ValueError, match="one length"):
        paired_difference([1.0, 2.0], [1.0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12))
def test_the_mean_lies_within_its_interval(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval.low <= interval.mean <= interval.high


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(0)
    intervals = [mean_interval(generator.normal(3.0, 2.0, size=5)) for _ in range(400)]
    hits = np.mean([each.low < 3.0 < each.high for each in intervals])
    assert 0.92 < hits < 0.98


def test_the_interval_of_a_share_holds_it_and_narrows_with_more_tries() -> None:
    nothing = share_interval(0, 0)
    assert (nothing.low, nothing.high) == (0.0, 1.0)
    assert share_interval(10, 10).low == pytest.approx(0.7225, abs=1e-4)  # 10 / (10 + 1.96 squared)
    many = share_interval(990, 1000)
    assert share_interval(99, 100).low < many.low < many.mean == 0.99 < many.high < 1
