"""A search whose candidates begin with their parents' trained weights where the edit kept the function."""

from pathlib import Path

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.report.build import build_report
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.store.guards import StoreError
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.records import Compute
from archgraft.evaluator.results import Result
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request
from tests.agent.synthetic import SyntheticRun, run_info
from tests.agent.test_rungs_search import Quiet
from tests.agent.test_scoring import result

pytestmark = pytest.mark.slow  # whole searches; what they are made of is tested beside them

TRIALS = 7
SETTINGS = {
    "search.inherit_weights": True,
    "search.planner": "random",
    "search.confirmation_seeds": 2,
    "search.early_stop": False,
}


def request_in(folder: Path, trials: int = TRIALS, **settings: object) -> SearchRequest:
    return small_request(folder, trials=trials, **SETTINGS, **settings)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: LocalSandbox) -> SearchRequest:
    folder = tmp_path_factory.mktemp("inherited")
    search(request_in(folder), folder, shared_sandbox, Quiet())
    return request_in(folder)


@pytest.fixture(scope="module")
def attempts(finished: SearchRequest) -> list[Attempt]:
    with load_run(finished.out) as run:
        return run.attempts()


@pytest.fixture(scope="module")
def controls(finished: SearchRequest) -> dict[tuple[int, int], Result]:
    with load_run(finished.out) as run:
        return {(one.candidate_id, one.result.seed): one.result for one in run.measurements("longer")}


def test_exact_edits_inherit_and_generations_add_their_epochs(attempts: list[Attempt]) -> None:
    heirs = [one for one in attempts if not one.result.from_scratch]
    generations = {one.result.inherited_epochs for one in heirs}
    assert generations == {1, 2}
    for heir in heirs:
        assert heir.parent_id is not None
        assert heir.result.inherited_epochs == attempts[heir.parent_id].result.inherited_epochs + 1
    assert not {heir.operator for heir in heirs} & {"swap", "delete", "crossover", "skip", "join"}
    assert any(one.result.from_scratch for one in attempts[1:])


def test_a_gain_is_over_the_parent_trained_longer_measured_once_and_charged(
    finished: SearchRequest, attempts: list[Attempt], controls: dict[tuple[int, int], Result]
) -> None:
    for heir in (one for one in attempts if not one.result.from_scratch and one.result.n_seeds == 1):
        control = controls[heir.parent_id or 0, 0]
        assert heir.result.metrics is not None
        assert heir.gain is not None
        assert control.metrics is not None
        assert control.inherited_epochs == heir.result.inherited_epochs
        assert heir.gain == pytest.approx(heir.result.metrics.score - control.metrics.score)
        assert heir.oriented_score == pytest.approx((attempts[heir.parent_id or 0].oriented_score or 0.0) + heir.gain)
    parents = {one.parent_id for one in attempts if not one.result.from_scratch}
    assert {candidate for candidate, _ in controls} == parents
    with load_run(finished.out) as run:
        n_apart = len([one for one in run.spend_by_attempt() if one.attempt is None and one.cpu_seconds > 0])
        n_rootstock = len([one for one in run.measurements("confirmation") if one.candidate_id == 0])
        assert n_apart == n_rootstock + len(controls) + len(run.measurements("finalist")) + len(run.latencies())


def test_claims_are_from_scratch(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        finals = run.measurements("finalist")
    assert finals
    assert all(one.result.from_scratch for one in finals)


def test_the_report_and_the_ledger_say_what_inherited(finished: SearchRequest, attempts: list[Attempt]) -> None:
    n_heirs = len([one for one in attempts if not one.result.from_scratch])
    page = build_report(finished.out).read_text()
    assert f"{n_heirs} began with their parent's trained weights" in page
    assert page.count("weights inherited</td>") == n_heirs
    with load_run(finished.out) as run:
        assert sum(entry.get("inherited_epochs", 0) != 0 for entry in ledger(run) if "attempt" in entry) == n_heirs


def test_an_interrupted_search_comes_to_the_same_ledger(
    finished: SearchRequest, tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    with LocalSandbox(preload=PRELOAD) as sandbox, pytest.raises(KeyboardInterrupt):
        search(request_in(tmp_path), tmp_path, sandbox, Quiet(stop_after=5))
    search(request_in(tmp_path), tmp_path, shared_sandbox, Quiet())
    with load_run(tmp_path / "run") as again, load_run(finished.out) as first:
        assert ledger(again) == ledger(first)


def test_without_weights_at_hand_all_start_from_scratch(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    request = request_in(tmp_path, trials=3, **{"search.inherited_weights_bytes": 1})
    search(request, tmp_path, shared_sandbox, Quiet())
    with load_run(request.out) as run:
        assert all(one.result.from_scratch and not one.weights_bytes for one in run.attempts())
        assert not run.measurements("longer")


def test_a_finalist_that_inherited_is_refused_and_an_heir_is_not_the_best_before_the_finals(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        question = run.propose(1)
        heir = SyntheticRun.attempt(1, 0, question.plan.operator, "mlp", result(99.0, 0, 4), 1.0)
        store.record_result(heir, Compute())
        best = store.best()
        assert best is not None
        assert best.index == 0
        with pytest.raises(StoreError, match="must begin from scratch"):
            store.record_measurement(1, "finalist", result(99.0, 7, 4), Compute())
