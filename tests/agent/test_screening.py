"""Proxies reject candidates of a search before they are trained, once results bear them out."""

from pathlib import Path

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.search import search
from archgraft.agent.store.reader import load_run
from archgraft.evaluator.results import Passage, Stage, Status
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request
from tests.agent.test_rungs_search import Quiet

PROXIES = {"proxies.names": "parameters, flops", "proxies.min_results": 3, "proxies.min_correlation": -1.0}


def test_the_lowest_by_proxies_are_not_trained_and_the_record_says_why(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    settings = {**PROXIES, "proxies.reject_share": 0.6, "search.let_through_share": 0.0}
    request = small_request(tmp_path, trials=12, **settings)
    search(request, tmp_path, shared_sandbox, Quiet())
    with load_run(request.out) as run:
        attempts = run.attempts()
    assert set(attempts[0].proxy_scores) == {"parameters", "flops"}
    rejected = [one for one in attempts if one.status is Status.OUTRANKED]
    assert rejected
    for attempt in rejected:
        last = attempt.result.stages[-1]
        assert (last.stage, last.passage) == (Stage.PROXIES, Passage.REJECTED)
        assert "by parameters (rank correlation" in attempt.result.reason
        assert attempt.result.metrics is None
    trained = [one for one in attempts[1:] if one.result.ok]
    assert trained
    assert all(Stage.PROXIES in {record.stage for record in one.result.stages} for one in trained)


def test_a_proxy_that_there_is_not_is_refused_before_anything_is_written(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, trials=1, **{"proxies.names": "magic"})
    with pytest.raises(UsageError, match="magic"):
        search(request, tmp_path, shared_sandbox, Quiet())
    assert not request.out.exists()
