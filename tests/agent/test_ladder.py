"""Who goes up, and when."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.attempt import Attempt
from archgraft.agent.ladder import Ladder, Promotion
from tests.agent.synthetic import SyntheticRun, result_of


def attempt(index: int, *rung_scores: float) -> Attempt:
    made = SyntheticRun.attempt(index, 0, "swap", "", result_of(50.0, 9000), 0.0)
    return dataclasses.replace(made, rung_scores=rung_scores)


def ladder(n_rungs: int = 3, share: float = 0.0) -> Ladder:
    made = Ladder(n_rungs, 3, share, seed=0)
    made.tell(attempt(0, *[0.5] * n_rungs))
    return made


def drained(ladder: Ladder) -> list[Promotion]:
    return list(iter(ladder.next_promotion, None))


def test_with_one_rung_nobody_goes_up() -> None:
    made = ladder(1, share=1.0)
    made.tell(attempt(1, 0.9))
    assert made.next_promotion() is None


def test_the_best_third_goes_up_and_is_named_once() -> None:
    made = ladder()
    for index, score in enumerate([0.1, 0.6, 0.2, 0.7, 0.3], start=1):
        made.tell(attempt(index, score))
    assert drained(made) == [Promotion(4, 1, by_chance=False), Promotion(2, 1, by_chance=False)]


def test_a_loser_goes_up_once_others_turn_out_worse() -> None:
    made = ladder()
    made.tell(attempt(1, 0.9))
    made.tell(attempt(2, 0.8))
    assert drained(made) == [Promotion(1, 1, by_chance=False)]
    for index in (3, 4, 5):
        made.tell(attempt(index, 0.1))
    assert drained(made) == [Promotion(2, 1, by_chance=False)]


def test_a_promoted_candidate_competes_on_its_new_rung() -> None:
    made = ladder()
    for index, score in ((1, 0.9), (2, 0.8), (3, 0.1), (4, 0.1), (5, 0.1)):
        made.tell(attempt(index, score))
    drained(made)
    made.tell(attempt(1, 0.9, 0.6))
    assert drained(made) == []
    made.tell(attempt(2, 0.8, 0.7))
    assert drained(made) == [Promotion(2, 2, by_chance=False)]


def test_one_that_failed_on_a_higher_rung_is_not_promoted_again() -> None:
    made = ladder()
    made.tell(attempt(1, 0.9))
    made.tell(attempt(2, 0.1))
    assert drained(made) == [Promotion(1, 1, by_chance=False)]
    made.tell(attempt(1, 0.9))
    assert drained(made) == []


def test_everybody_goes_up_by_chance_when_the_share_is_one() -> None:
    made = ladder(2, share=1.0)
    for index, score in ((1, 0.3), (2, 0.2), (3, 0.9)):
        made.tell(attempt(index, score))
    assert drained(made) == [
        Promotion(3, 1, by_chance=False),
        Promotion(1, 1, by_chance=True),
        Promotion(2, 1, by_chance=True),
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 2**31))
def test_the_same_tellings_give_the_same_promotions(scores: list[float], seed: int) -> None:
    def promotions() -> list[Promotion]:
        made = Ladder(3, 3, 0.3, seed)
        found = []
        for index, score in enumerate(scores):
            made.tell(attempt(index, score))
            found += drained(made)
        return found

    assert promotions() == promotions()
