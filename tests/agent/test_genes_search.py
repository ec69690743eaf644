"""A search whose candidates have recipes of their own."""

import json
import signal
from pathlib import Path

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.export import export
from archgraft.agent.genes.fairness import owners_in
from archgraft.agent.outcome_text import outcome_lines
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.reader import load_run
from archgraft.evaluator.results import Status
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request
from tests.agent.test_resume import kill_when
from tests.agent.test_rungs_search import Quiet

pytestmark = pytest.mark.slow  # whole searches; what they are made of is tested beside them

SETTINGS: dict[str, object] = {"genes.names": "auto", "genes.inherit_share": 0.3, "search.n_finalists": 2}


def request_in(folder: Path) -> SearchRequest:
    return small_request(folder, trials=6, **SETTINGS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: LocalSandbox) -> SearchRequest:
    folder = tmp_path_factory.mktemp("genes")
    search(request_in(folder), folder, shared_sandbox, Quiet())
    return request_in(folder)


def test_genes_are_the_parents_or_new_ones_and_are_what_models_are_trained_with(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        attempts, recipe = {one.index: one for one in run.attempts()}, run.info.recipe
    tried = [one for one in attempts.values() if one.index and one.status is not Status.NO_OPTION]
    of_parents = [one for one in tried if one.parent_id is not None and one.genes == attempts[one.parent_id].genes]
    assert 0 < len(of_parents) < len(tried)
    for one in tried:
        metrics = one.result.metrics
        if metrics is not None and not one.result.rescues:
            assert metrics.learning_rate == one.genes.get("learning_rate", recipe["learning_rate"])


def test_the_rootstock_is_trained_with_the_recipe_of_each_finalist(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        genes, owners = run.genes(), owners_in(run)
        finals, controls = run.measurements("finalist", "validation"), run.measurements("control", "validation")
        seeds = {measured.result.seed for measured in finals}
    assert owners
    assert {genes[owner]["learning_rate"] for owner in owners.values()} == {
        measured.result.metrics.learning_rate for measured in controls if measured.result.metrics is not None
    }
    found = {(measured.candidate_id, measured.result.seed) for measured in controls}
    assert found == {(owner, seed) for owner in owners.values() for seed in seeds}


def test_the_winners_control_alone_meets_the_test_split_beside_it(finished: SearchRequest) -> None:
    with load_run(finished.out) as run:
        best, owners = run.best(), owners_in(run)
        tested = {(one.role, one.candidate_id) for one in run.measurements(split="test")}
    assert best is not None
    expected = {("finalist", 0), ("finalist", best.index)}
    assert tested == expected | ({("control", owners[best.index])} if best.genes else set())


def test_an_interrupted_search_comes_to_the_same_ledger(
    finished: SearchRequest, tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    with LocalSandbox(preload=PRELOAD) as sandbox, pytest.raises(KeyboardInterrupt):
        search(request_in(tmp_path), tmp_path, sandbox, Quiet(stop_after=5))
    with load_run(tmp_path / "run") as run:
        written = run.genes()
        assert len(written) > len(run.attempts()) - 1  # before they were acted on
    search(request_in(tmp_path), tmp_path, shared_sandbox, Quiet())
    with load_run(tmp_path / "run") as again, load_run(finished.out) as first:
        assert again.genes().items() >= written.items()
        assert ledger(again) == ledger(first)


def test_a_killed_search_comes_to_the_same_ledger(
    finished: SearchRequest, tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    assert kill_when(request_in(tmp_path), 4) == -signal.SIGKILL
    search(request_in(tmp_path), tmp_path, shared_sandbox, Quiet())
    with load_run(tmp_path / "run") as again, load_run(finished.out) as first:
        assert again.n_sessions() == 2
        assert ledger(again) == ledger(first)


def test_the_exported_card_tells_the_recipe(finished: SearchRequest, tmp_path: Path) -> None:
    with load_run(finished.out) as run:
        best, recipe = run.best(), run.info.recipe
        said = "\n".join(outcome_lines(run))
    assert best is not None
    exported = export(finished.out, tmp_path / "best.py")
    card, source = json.loads(exported.card.read_text()), exported.source.read_text()
    assert card["genes"] == best.genes
    assert card["recipe"] == {**recipe, **best.genes}
    assert (card["control"] is not None) == bool(best.genes)
    assert f"batch_size={recipe['batch_size']}" in source
    assert ("recipe of its own" in said) == bool(best.genes)


def test_a_gene_that_can_not_be_is_refused_before_anything_is_written(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, trials=1, **{"genes.names": "learning_rat"})
    with pytest.raises(UsageError, match="is no gene"):
        search(request, tmp_path, shared_sandbox, Quiet())
    assert not request.out.exists()
