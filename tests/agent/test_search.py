"""A whole search, as its user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.search import SearchRequest
from archgraft.agent.searching import run_and_report
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.reader import load_run
from archgraft.evaluator.results import Status
from archgraft.evaluator.tasks.load import load_task
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request, write_broken_library


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: LocalSandbox) -> tuple[SearchRequest, str]:
    """A finished run: its request, and what was said."""
    request = small_request(tmp_path_factory.mktemp("search"), trials=6)
    said: list[str] = []
    run_and_report(request, tmp_path_factory.mktemp("cache"), shared_sandbox, said.append)
    return request, "\n".join(said)


def test_a_search_spends_its_budget_and_says_what_came_of_each_attempt(finished: tuple[SearchRequest, str]) -> None:
    request, said = finished
    with load_run(request.out) as run:
        attempts = run.attempts()
    assert [attempt.index for attempt in attempts] == list(range(7))
    assert "the budget of 6 trials is spent" in said
    for index in range(7):
        assert f"\n{index}: " in f"\n{said}"


def test_every_failure_has_a_kind_and_a_reason(finished: tuple[SearchRequest, str]) -> None:
    with load_run(finished[0].out) as run:
        for attempt in run.attempts():
            assert attempt.result.ok or attempt.result.reason


def test_the_winner_and_the_rootstock_meet_the_test_split_with_the_same_seeds(
    finished: tuple[SearchRequest, str],
) -> None:
    with load_run(finished[0].out) as run:
        best = run.best()
        seeds: dict[int, list[int]] = {}
        for measured in run.measurements("finalist", "test"):
            seeds.setdefault(measured.candidate_id, []).append(measured.result.seed)
    assert best is not None
    assert set(seeds) == {0, best.index}
    assert len({tuple(each) for each in seeds.values()}) == 1


def test_report_and_model_are_left_in_the_run_folder(finished: tuple[SearchRequest, str]) -> None:
    request, said = finished
    page = (request.out / "report.html").read_text()
    assert "<script src" not in page
    assert "<link" not in page
    assert str(request.out / "best.py") in said
    script = "import best, torch; print(tuple(best.build_model().eval()(torch.zeros(2, 3, 8, 8)).shape))"
    done = subprocess.run([sys.executable, "-c", script], cwd=request.out, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(2, 10)", done.stderr


def test_the_exported_model_reproduces_its_recorded_scores(finished: tuple[SearchRequest, str]) -> None:
    request, _ = finished
    card = json.loads((request.out / "best.json").read_text())
    task = load_task(request.task)
    test = task.load().test
    np.save(request.out / "inputs.npy", test.inputs)
    script = (
        "import best, numpy, torch; model = best.load_model().eval(); x = torch.from_numpy(numpy.load('inputs.npy'))\n"
        "with torch.no_grad(): numpy.save('outputs.npy', model(x).numpy())"
    )
    subprocess.run([sys.executable, "-c", script], cwd=request.out, check=True)
    score = task.score(np.load(request.out / "outputs.npy"), test.targets)
    recorded = card["best"]["scores_by_split_and_seed"]["test"][str(card["weights"]["seed"])]
    assert score == pytest.approx(recorded, abs=1e-9)


def test_the_same_call_again_repeats_nothing_and_changes_nothing(
    finished: tuple[SearchRequest, str], tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request, _ = finished
    with load_run(request.out) as run:
        before, spent = ledger(run), run.spend()
    run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    with load_run(request.out) as run:
        assert ledger(run) == before
        assert run.spend() == spent


def test_a_larger_budget_after_the_test_split_was_opened_is_refused(
    finished: tuple[SearchRequest, str], tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request, _ = finished
    longer = small_request(request.out.parent, trials=9)
    with pytest.raises(UsageError, match="sealed test split was opened after 6 attempts"):
        run_and_report(longer, tmp_path, shared_sandbox, lambda _: None)


def test_the_same_seed_gives_the_same_run_whatever_the_number_of_the_machine_finishes_first(
    finished: tuple[SearchRequest, str], tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, trials=6)
    run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    with load_run(request.out) as again, load_run(finished[0].out) as first:
        assert ledger(again) == ledger(first)


def test_a_module_that_breaks_its_contract_is_a_recorded_failure_and_the_search_goes_on(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    write_broken_library(tmp_path / "modules.sqlite")
    request = small_request(tmp_path, trials=12, **{"search.planner": "random"})
    run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    with load_run(request.out) as run:
        attempts = run.attempts()
    assert len(attempts) == 13
    grafted = [one for one in attempts if one.operator in ("swap", "insert")]
    assert grafted  # with the only module there is
    assert all(one.status is Status.CRASH and "channels" in one.result.reason for one in grafted)
    assert any(one.result.ok for one in attempts[1:])


def test_a_model_that_does_not_fit_the_task_is_refused_before_anything_is_written(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path)
    data = dict(np.load(tmp_path / "task.npz"))
    data["y_train"], data["y_test"] = data["y_train"] % 3, data["y_test"] % 3
    np.savez(tmp_path / "task.npz", **data)
    with pytest.raises(UsageError, match=r"gives outputs of shape \(10,\) per sample, but task .* needs \(3,\)"):
        run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    assert not request.out.exists()
