"""The filter on results that are made up to agree or to disagree with proxies."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.agent.errors import UsageError
from archgraft.agent.proxies import WINDOW, ProxyFilter, mean_rank_place, proxy_names, rank_correlation
from archgraft.agent.settings import ProxySettings

SETTINGS = ProxySettings(names="synflow,naswot", min_results=5, min_correlation=0.5, reject_share=0.25)
FRESH = ProxyFilter(SETTINGS, let_through_share=0.0, seed=0)
FEW = settings(max_examples=30)


def told(filter_: ProxyFilter, results: Iterable[tuple[float, float, float | None]], first: int = 0) -> ProxyFilter:
    """The filter after rows of synflow, naswot and the real score."""
    for index, (synflow, naswot, score) in enumerate(results, start=first):
        filter_ = filter_.told(index, {"synflow": synflow, "naswot": naswot}, score)
    return filter_


AGREEING = [(float(i), float(-i), float(i)) for i in range(20)]
"""SynFlow ranks as real scores do, NASWOT the other way round."""


def test_it_says_nothing_before_it_has_seen_enough_results() -> None:
    assert told(FRESH, AGREEING[:4]).verdict(9, {"synflow": -1.0, "naswot": 0.0}).passes
    assert not told(FRESH, AGREEING[:5]).verdict(9, {"synflow": -1.0, "naswot": 0.0}).passes


def test_the_lowest_share_is_rejected_with_figures_by_the_proxies_that_are_believed() -> None:
    judge = told(FRESH, AGREEING)
    assert judge.believed == ("synflow",)
    assert judge.verdict(20, {"synflow": 4.0, "naswot": -4.0}).passes
    verdict = judge.verdict(20, {"synflow": 3.5, "naswot": -3.5})
    assert not verdict.passes
    assert verdict.reason == (
        "place 5 from below among 21 by synflow (rank correlation 1.00); the lowest 25% are rejected"
    )


def test_a_proxy_is_switched_off_when_results_turn_against_it_and_on_again_when_they_turn_back() -> None:
    judge = told(FRESH, AGREEING)
    turned = told(judge, [(float(i), float(i), float(-i)) for i in range(60)], first=20)
    assert turned.believed == ()
    assert turned.verdict(99, {"synflow": -99.0, "naswot": -99.0}).passes
    back = told(turned, [(float(i), 0.0, float(i)) for i in range(WINDOW)], first=80)
    assert back.believed == ("synflow",)


def test_a_proxy_that_has_no_score_for_a_candidate_is_left_out_of_its_verdict() -> None:
    judge = told(FRESH, AGREEING)
    assert judge.verdict(20, {"naswot": -99.0}).passes
    assert judge.verdict(20, {}).passes


def test_the_rejected_count_among_rivals_but_not_in_the_correlation() -> None:
    judge = told(FRESH, AGREEING)
    with_rejected = told(judge, [(-1.0, 0.0, None)] * 20, first=20)
    assert with_rejected.correlations == judge.correlations
    assert with_rejected.verdict(40, {"synflow": 0.5, "naswot": 0.0}).passes


def test_what_is_told_of_a_candidate_again_takes_the_place_of_what_was_told_before() -> None:
    judge = told(FRESH, AGREEING)
    again = judge.told(3, {"synflow": 3.0}, 17.0)
    assert len(again.known) == len(judge.known)
    assert again.correlations["synflow"] < judge.correlations["synflow"]


def test_a_share_of_the_rejected_passes_by_the_seed_and_the_attempt_alone() -> None:
    lucky = replace(told(FRESH, AGREEING), let_through_share=0.3)
    verdicts = [lucky.verdict(attempt, {"synflow": -1.0}) for attempt in range(1000)]
    assert all(verdict.reason for verdict in verdicts)
    n_passed = sum(verdict.let_through for verdict in verdicts)
    assert 250 < n_passed < 350
    assert verdicts == [lucky.verdict(attempt, {"synflow": -1.0}) for attempt in range(1000)]
    others = [replace(lucky, seed=1).verdict(attempt, {"synflow": -1.0}) for attempt in range(1000)]
    assert others != verdicts


def test_proxies_reject_by_their_mean_rank() -> None:
    both = [(float(i), float(i % 10), float(i)) for i in range(20)]
    judge = replace(told(FRESH, both), settings=replace(SETTINGS, min_correlation=0.2))
    assert judge.believed == ("synflow", "naswot")
    assert judge.verdict(20, {"synflow": -1.0, "naswot": 99.0}).passes
    assert not judge.verdict(20, {"synflow": -1.0, "naswot": 2.0}).passes


def test_candidates_that_proxies_cannot_tell_apart_all_pass() -> None:
    judge = told(replace(FRESH, settings=replace(SETTINGS, min_correlation=-1.0)), [(1.0, 1.0, 1.0)] * 20)
    assert judge.correlations == {"synflow": 0.0, "naswot": 0.0}
    assert judge.verdict(20, {"synflow": 1.0, "naswot": 1.0}).passes


def test_it_remembers_a_window_of_candidates() -> None:
    assert len(told(FRESH, [(float(i), 0.0, float(i)) for i in range(WINDOW + 7)]).known) == WINDOW


number = st.floats(-1e6, 1e6, allow_nan=False, width=32)
results = st.lists(st.tuples(number, number, number | st.none()), min_size=5, max_size=40)


@FEW
@given(results, number, number, st.floats(0, 1e6, width=32))
def test_a_candidate_that_passes_would_pass_with_higher_proxies(
    rows: list[tuple[float, float, float | None]], synflow: float, naswot: float, more: float
) -> None:
    judge = told(FRESH, rows)
    if judge.verdict(99, {"synflow": synflow, "naswot": naswot}).passes:
        assert judge.verdict(99, {"synflow": synflow + more, "naswot": naswot + more}).passes


@FEW
@given(results, number, number)
def test_only_ranks_matter(rows: list[tuple[float, float, float | None]], synflow: float, naswot: float) -> None:
    doubled = [(2 * s, 2 * n, None if score is None else 2 * score) for s, n, score in rows]
    verdict = told(FRESH, rows).verdict(99, {"synflow": synflow, "naswot": naswot})
    assert told(FRESH, doubled).verdict(99, {"synflow": 2 * synflow, "naswot": 2 * naswot}) == verdict


@FEW
@given(results)
def test_no_more_than_the_share_of_those_it_knows_are_below_its_bar(
    rows: list[tuple[float, float, float | None]],
) -> None:
    judge = told(FRESH, rows)
    n_rejected = sum(not judge.verdict(99, one.scores).passes for one in judge.known)
    assert n_rejected <= SETTINGS.reject_share * (len(rows) + 1)


def test_ties_share_a_rank() -> None:
    assert rank_correlation(np.array([[1, 1], [2, 3], [2, 2], [3, 4]])) == pytest.approx(0.9486833)
    assert mean_rank_place(np.array([[1.0], [1.0], [2.0], [1.0]])) == 2


def test_names_are_read_as_written_and_wrong_ones_told() -> None:
    assert proxy_names(" synflow, naswot,synflow ") == ("synflow", "naswot")
    assert proxy_names("") == ()
    with pytest.raises(UsageError, match=r"lists 'magic'; proxies are parameters, flops"):
        proxy_names("magic,zico")
