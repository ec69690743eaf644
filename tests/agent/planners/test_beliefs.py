"""Beliefs are shared between levels, fade, and stay probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.agent.planners.beliefs import Beliefs, Kind, sample_uniform

SWAP: Kind = ("swap", 0, "attention")


def told(beliefs: Beliefs, kind: Kind, outcomes: list[bool]) -> Beliefs:
    for improved in outcomes:
        beliefs.tell(kind, improved)
    return beliefs


def test_without_evidence_everything_is_even() -> None:
    beliefs = Beliefs(1.0, 4.0)
    assert [beliefs.mean(group) for group in ((), ("swap",), ("swap", 1), ("swap", 1, "mlp"))] == [0.5] * 4


def test_the_root_is_a_beta_bernoulli_with_a_uniform_prior() -> None:
    assert told(Beliefs(1.0, 4.0), SWAP, [True, True, False]).mean(()) == pytest.approx(3 / 5)


def test_an_untried_family_is_judged_by_its_band() -> None:
    beliefs = told(Beliefs(1.0, 4.0), SWAP, [True] * 10)
    told(beliefs, ("swap", 2, "attention"), [False] * 10)
    assert beliefs.mean(("swap", 0, "mlp")) > 0.5 > beliefs.mean(("swap", 2, "mlp"))


def test_a_family_that_helped_elsewhere_is_expected_to_help_here() -> None:
    beliefs = told(Beliefs(1.0, 4.0), SWAP, [True] * 5)
    told(beliefs, ("swap", 0, "mlp"), [False] * 5)
    assert beliefs.mean(("swap", 2, "attention")) > beliefs.mean(("swap", 2, "norm")) > beliefs.mean(("swap", 2, "mlp"))


def test_more_evidence_weighs_more_than_the_level_above() -> None:
    beliefs = told(Beliefs(1.0, 4.0), ("swap", 0, "mlp"), [False] * 50)
    few = told(beliefs, SWAP, [True]).mean(SWAP)
    assert told(beliefs, SWAP, [True] * 20).mean(SWAP) > 0.7 > few


def test_old_attempts_fade() -> None:
    beliefs = told(Beliefs(0.8, 4.0), SWAP, [True] * 30)
    before = beliefs.mean(SWAP)
    assert told(beliefs, SWAP, [False] * 10).mean(SWAP) < 0.3 < before


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.booleans()), max_size=200), st.floats(0.01, 1))
def test_rates_stay_probabilities_and_draws_stay_on_the_list(
    outcomes: list[tuple[int, str, bool]], discount: float
) -> None:
    beliefs = Beliefs(discount, 0.01)
    for band, family, improved in outcomes:
        beliefs.tell(("swap", band, family), improved)
    kinds: list[Kind] = [("swap", band, family) for band in range(3) for family in "abc"]
    assert all(0 < beliefs.mean(kind) < 1 for kind in kinds)
    assert beliefs.sample(kinds, np.random.default_rng(0)) in kinds


def test_uniform_draws_are_fair_between_operators_not_between_families() -> None:
    kinds: list[Kind] = [("swap", 0, str(place)) for place in range(30)] + [("delete", 0, "norm")]
    generator = np.random.default_rng(0)
    drawn = [sample_uniform(kinds, generator)[0] for _ in range(400)]
    assert 150 < drawn.count("delete") < 250
