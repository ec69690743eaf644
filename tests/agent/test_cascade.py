"""What the stages of a cascade are said to have done."""

import dataclasses

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.cascade import rung_tallies, stage_tallies
from archgraft.agent.ladder import Promotion
from archgraft.agent.store.records import Promoted
from archgraft.evaluator.results import Passage, Stage, StageRecord, Status
from tests.agent.synthetic import SyntheticRun, result_of

VERIFY = StageRecord(Stage.VERIFY, Passage.PASSED, 1.0)


def attempt(
    index: int,
    *stages: StageRecord,
    status: Status = Status.OK,
    improved: bool = False,
    rung_scores: tuple[float, ...] = (),
) -> Attempt:
    made = SyntheticRun.attempt(index, 0, "swap", "", result_of(50.0, 9000), 0.0)
    result = dataclasses.replace(made.result, stages=stages, status=status)
    return dataclasses.replace(made, result=result, improved=improved, rung_scores=rung_scores)


def train(passage: Passage, seconds: float = 10.0) -> StageRecord:
    return StageRecord(Stage.TRAIN, passage, seconds, "" if passage is Passage.PASSED else "behind")


def test_stages_stand_in_order_with_what_they_cost_and_the_rootstock_does_not_count() -> None:
    attempts = [
        attempt(0, VERIFY, train(Passage.PASSED)),
        attempt(1, VERIFY, train(Passage.PASSED)),
        attempt(2, VERIFY, train(Passage.REJECTED, 4.0), status=Status.STOPPED_EARLY),
        attempt(3, StageRecord(Stage.VERIFY, Passage.REJECTED, 1.0, "no"), status=Status.INVALID),
    ]
    verify, training = stage_tallies(attempts)
    assert (verify.stage, verify.n_entered, verify.n_rejected, verify.wall_seconds) == (Stage.VERIFY, 3, 1, 3.0)
    assert (training.stage, training.n_entered, training.n_rejected, training.wall_seconds) == (Stage.TRAIN, 2, 1, 14.0)
    assert training.wrong is None


def test_a_let_through_candidate_that_improved_shows_how_often_a_stage_is_wrong() -> None:
    attempts = [attempt(index, train(Passage.LET_THROUGH), improved=index == 1) for index in range(1, 5)]
    [training] = stage_tallies(attempts)
    assert (training.n_let_through, training.n_rejected) == (4, 0)
    assert training.wrong is not None
    assert (training.wrong.mean, training.wrong.n) == (0.25, 4)


def test_one_that_was_not_trained_in_full_says_nothing_of_errors() -> None:
    [training] = stage_tallies([attempt(1, train(Passage.LET_THROUGH), status=Status.NOT_PROMOTED)])
    assert (training.n_let_through, training.wrong) == (1, None)


def test_without_rungs_there_is_no_ladder() -> None:
    assert rung_tallies([attempt(0, rung_scores=(1.0,)), attempt(1, rung_scores=(1.0,))], []) == []


def test_a_ladder_tells_who_went_up_and_whether_the_rungs_agree() -> None:
    attempts = [
        attempt(0, rung_scores=(0.5, 0.6)),
        attempt(1, rung_scores=(0.6, 0.7)),
        attempt(2, rung_scores=(0.4, 0.8), improved=True),
        attempt(3, rung_scores=(0.1,), status=Status.NOT_PROMOTED),
    ]
    promotions = [
        Promoted(Promotion(1, 1, by_chance=False), attempts[1]),
        Promoted(Promotion(2, 1, by_chance=True), attempts[2]),
    ]
    [rung] = rung_tallies(attempts, promotions)
    assert (rung.rung, rung.n_below, rung.n_by_rank, rung.n_by_chance) == (1, 3, 1, 1)
    assert rung.wrong is not None
    assert rung.wrong.mean == 1.0
    assert rung.rank_correlation == pytest.approx(-0.5)
