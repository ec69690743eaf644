"""The grid keeps the best of each niche and gives every niche a turn."""

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.agent.planners.archive import Archive
from archgraft.evaluator.results import Result, Stage, Status


def attempt(index: int, score: float | None, mixer: str = "convolution", parent_id: int | None = 0) -> Attempt:
    status = Status.OK if score is not None else Status.CRASH
    return Attempt(
        index=index,
        parent_id=parent_id,
        operator="swap",
        depth_band=0,
        family="x",
        result=Result(status, Stage.DONE, "", 0, "validation", None, 0.0, "none"),
        oriented_score=score,
        gain=None,
        improved=False,
        descriptor=Descriptor(0, mixer, 0) if score is not None else None,
        n_parameters=None,
    )


def archive_of(*attempts: Attempt) -> Archive:
    archive = Archive()
    for one in attempts:
        archive.tell(one)
    return archive


def ids(archive: Archive, exploration: float = 0.5) -> list[int]:
    return [candidate for candidate, _ in archive.parents(exploration)]


def test_a_cell_keeps_its_best() -> None:
    archive = archive_of(attempt(0, 1.0), attempt(1, 3.0), attempt(2, 2.0), attempt(3, 0.5, "attention"))
    assert {one.candidate_id for one in archive.elites().values()} == {1, 3}


def test_an_equal_score_does_not_oust_the_elite() -> None:
    assert ids(archive_of(attempt(0, 1.0), attempt(1, 1.0)))[0] == 0


def test_failures_count_as_uses_and_are_no_parents() -> None:
    archive = archive_of(attempt(0, 1.0, parent_id=None), attempt(1, None), attempt(2, None))
    [elite] = archive.elites().values()
    assert (elite.candidate_id, elite.uses) == (0, 2)
    assert archive.candidate_ids() == (0,)


def test_a_niche_that_was_tried_less_gets_its_turn() -> None:
    start = [attempt(0, 2.0, parent_id=None), attempt(1, 1.0, "attention")]
    assert ids(archive_of(*start, *(attempt(n, None) for n in range(2, 30))))[0] == 1
    assert ids(archive_of(*start), exploration=0.0)[0] == 0


def test_others_follow_the_elites_best_first() -> None:
    archive = archive_of(attempt(0, 1.0), attempt(1, 3.0), attempt(2, 2.0), attempt(3, 0.5, "attention"))
    assert ids(archive, exploration=0.0) == [1, 3, 2, 0]


def test_the_scale_of_the_metric_does_not_matter() -> None:
    scores = {0: 3.0, 1: 1.0, 2: 2.0}
    uses = [attempt(n, None, parent_id=n % 2) for n in range(3, 20)]
    orders = [
        ids(archive_of(*(attempt(n, scale * score, f"mixer{n}") for n, score in scores.items()), *uses))
        for scale in (1e-6, 1.0, 1e6)
    ]
    assert orders[0] == orders[1] == orders[2]
