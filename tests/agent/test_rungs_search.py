"""A search whose candidates start on a low rung."""

from pathlib import Path

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.errors import UsageError
from archgraft.agent.report.build import build_report
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.reader import load_run
from archgraft.evaluator.results import Passage, Stage, Status
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request

SETTINGS = {
    "recipe.epochs": 4,
    "search.rungs": 2,
    "search.reduction": 2,
    "search.confirmation_seeds": 2,
    "search.let_through_share": 0.3,
}


class Quiet:
    """A watcher that may interrupt the search."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self._left = stop_after

    def phase(self, text: str) -> None:
        """Nothing to say."""

    def warning(self, text: str) -> None:
        """Nor to warn of."""

    def attempt(self, attempt: Attempt, left: str) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def request_in(folder: Path) -> SearchRequest:
    return small_request(folder, trials=8, **SETTINGS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: LocalSandbox) -> SearchRequest:
    folder = tmp_path_factory.mktemp("rungs")
    search(request_in(folder), folder, shared_sandbox, Quiet())
    return request_in(folder)


def test_only_those_who_went_up_were_trained_in_full(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        attempts = [one for one in run.attempts()[1:] if one.status in (Status.OK, Status.NOT_PROMOTED)]
        promoted = {one.promotion.candidate_id for one in run.promotions()}
        first = {one.index: one for one in run.first_attempts()}
    up = [one for one in attempts if one.status is Status.OK]
    assert promoted == {one.index for one in up}
    assert 0 < len(up) < len(attempts)
    assert all((one.result.rung, len(one.rung_scores)) == (1, 2) for one in up)
    assert all((one.result.rung, one.oriented_score) == (0, None) for one in attempts if one not in up)
    assert all(first[index].result.reason == "rung 1 of 2: 2 of 4 epochs" for index in promoted)


def test_the_best_of_the_lower_rung_went_up(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        attempts = [one for one in run.attempts() if one.rung_scores]
        promoted = {one.promotion.candidate_id for one in run.promotions()}
    ranked = sorted(attempts, key=lambda one: (-one.rung_scores[0], one.index))
    best = {one.index for one in ranked[: len(ranked) // 2]}
    assert best - {0} <= promoted


def test_finalists_come_from_the_top_rung_and_everything_is_charged(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        finalists = {one.candidate_id for one in run.measurements("finalist")} - {0}
        up = {one.index for one in run.attempts() if one.status is Status.OK}
        charged = run.spend_by_attempt()
        n_further = len(run.promotions()) + len(run.measurements("finalist")) + len(run.latencies())
        n_rootstock = len([one for one in run.measurements("confirmation") if one.candidate_id == 0])
        n_rootstock += len(run.measurements("rung"))
    assert finalists <= up
    assert [one.attempt for one in charged if one.attempt is not None] == list(range(9))
    others = [one for one in charged if one.attempt is None and one.cpu_seconds > 0]
    assert len(others) == n_further + n_rootstock


def test_every_stage_that_was_entered_says_what_it_cost_and_how_it_was_left(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        attempts = run.first_attempts()[1:]
    for attempt in attempts:
        stages = {record.stage: record for record in attempt.result.stages}
        if attempt.status is Status.NOT_PROMOTED:
            assert list(stages) == [Stage.VERIFY, Stage.GATES, Stage.TRAIN, Stage.CHECKS, Stage.PROFILE]
            assert all(record.passage is not Passage.REJECTED for record in stages.values())
        elif attempt.status is not Status.NO_OPTION:
            *passed, last = attempt.result.stages
            assert (last.passage, last.stage) == (Passage.REJECTED, attempt.result.stage)
            assert last.reason == attempt.result.reason
            assert all(record.passage is Passage.PASSED for record in passed)
        assert 0 < sum(record.wall_seconds for record in stages.values()) <= attempt.result.wall_seconds


@pytest.mark.slow
def test_an_interrupted_search_comes_to_the_same_ledger(
    finished: SearchRequest, tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    with LocalSandbox(preload=PRELOAD) as sandbox, pytest.raises(KeyboardInterrupt):
        search(request_in(tmp_path), tmp_path, sandbox, Quiet(stop_after=6))
    search(request_in(tmp_path), tmp_path, shared_sandbox, Quiet())
    with load_run(tmp_path / "run") as again, load_run(finished.out) as first:
        assert ledger(again) == ledger(first)


def test_the_report_tells_of_stages_and_rungs(finished: SearchRequest) -> None:
    page = build_report(finished.out).read_text()
    assert "By stage" in page
    assert "By rung" in page
    assert "not promoted to a full training" in page


def test_too_few_epochs_for_the_rungs_are_refused_before_anything_is_written(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, **{"recipe.epochs": 2, "search.rungs": 3})
    with pytest.raises(UsageError, match=r"3 rungs.* need at least \d+ epochs, but there are 2: set fewer rungs"):
        search(request, tmp_path, shared_sandbox, Quiet())
    assert not request.out.exists()
