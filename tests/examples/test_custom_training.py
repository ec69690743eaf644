"""The example training trains: one model, and every candidate of a search."""

from dataclasses import replace
from pathlib import Path

import pytest

from archgraft.agent.searching import run_and_report
from archgraft.agent.store.reader import load_run
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request
from tests.architecture.code import ROOT
from tests.evaluator.test_evaluate import LINEAR, RECIPE, clusters, run

MIXUP = f"{ROOT / 'examples' / 'custom_training.py'}:mixup"


def test_mixtures_teach_a_model_what_samples_would(shared_sandbox: LocalSandbox) -> None:
    evaluation = run(shared_sandbox, LINEAR, clusters(), recipe=replace(RECIPE, train_function=MIXUP))
    assert evaluation.result.metrics is not None, evaluation.result.reason
    assert evaluation.result.metrics.score > 80
    assert len(evaluation.train_losses) == RECIPE.epochs


@pytest.mark.slow
def test_a_search_trains_rootstock_candidates_and_finalists_with_it(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path / "run", trials=4, **{"recipe.train_function": MIXUP})
    run_and_report(request, tmp_path / "cache", shared_sandbox, lambda text: None)
    with load_run(request.out) as found:
        scored = [measured.result for measured in found.measurements() if measured.result.metrics is not None]
        assert found.info.settings["recipe.train_function"] == MIXUP
        assert found.best() is not None
    assert {result.split for result in scored} == {"validation", "test"}
    assert all(result.metrics is not None and result.metrics.learning_rate is None for result in scored)
