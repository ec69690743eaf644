from archgraft.evaluator.results import Passage, Stage, StageRecord, joined
from archgraft.evaluator.stage_clock import StageClock


def test_seconds_of_a_stage_that_was_left_and_entered_again_add_up() -> None:
    now = 0.0

    def clock() -> float:
        return now

    stages = StageClock(Stage.GATES, clock)
    for seconds, stage in (
        (1, Stage.TRAIN),
        (10, Stage.CHECKS),
        (2, Stage.PROFILE),
        (3, Stage.CHECKS),
        (4, Stage.DONE),
    ):
        now += seconds
        stages.enter(stage)
    assert stages.records("") == tuple(
        StageRecord(stage, Passage.PASSED, seconds)
        for stage, seconds in ((Stage.GATES, 1), (Stage.TRAIN, 10), (Stage.CHECKS, 6), (Stage.PROFILE, 3))
    )


def test_the_stage_in_which_it_ended_rejected_the_candidate() -> None:
    stages = StageClock(Stage.GATES, lambda: 0.0)
    stages.enter(Stage.TRAIN)
    assert [(record.passage, record.reason) for record in stages.records("loss is nan")] == [
        (Passage.PASSED, ""),
        (Passage.REJECTED, "loss is nan"),
    ]


def test_what_was_let_through_says_why_it_would_have_been_rejected_first() -> None:
    stages = StageClock(Stage.TRAIN, lambda: 0.0)
    stages.let_through("behind in epoch 5")
    stages.let_through("behind in epoch 6")
    [record] = stages.records("")
    assert (record.passage, record.reason) == (Passage.LET_THROUGH, "behind in epoch 5")


def _train(passage: Passage, reason: str = "") -> tuple[StageRecord, ...]:
    return (StageRecord(Stage.TRAIN, passage, 1.0, reason),)


def test_a_second_try_that_passed_passes_and_is_charged_for_both() -> None:
    [record] = joined([_train(Passage.REJECTED, "loss is nan"), _train(Passage.PASSED)])
    assert record == StageRecord(Stage.TRAIN, Passage.PASSED, 2.0)


def test_a_seed_that_was_let_through_marks_the_candidate() -> None:
    [record] = joined([_train(Passage.LET_THROUGH, "behind"), _train(Passage.PASSED)])
    assert (record.passage, record.reason) == (Passage.LET_THROUGH, "behind")
    [record] = joined([_train(Passage.LET_THROUGH, "behind"), _train(Passage.REJECTED, "crashed")])
    assert (record.passage, record.reason) == (Passage.REJECTED, "crashed")
