"""What breaks a hard limit is not trained; what is found to break one later is not returned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.eligibility import Eligibility
from archgraft.agent.outcome_text import outcome_lines
from archgraft.agent.report.build import build_report
from archgraft.agent.search import search
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.records import Candidate, Compute
from archgraft.evaluator.cost_check import CostRatios
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.results import Passage, Stage, Status
from archgraft.evaluator.weight_count import n_in_buffers
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.identity import tree_hash
from tests.agent.small_search import small_request
from tests.agent.synthetic import SyntheticRun, result_of, run_info
from tests.agent.test_rungs_search import Quiet
from tests.planting import inputs, plant_tree

LINEAR = """from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)
"""
NO_LIMITS = Eligibility(CostCaps(10**9, 10**12), CostRatios(), n_in_buffers=0)
STATE = {"fc.weight": np.ones((3, 4), np.float32), "fc.bias": np.ones(3, np.float32)}


@pytest.fixture(scope="module")
def candidate(shared_sandbox: LocalSandbox) -> Candidate:
    tree = plant_tree(shared_sandbox, LINEAR, "Net()", inputs(4))
    return Candidate(1, 0, None, None, tree_hash(tree), tree.source, tree.construct, tree)


def test_a_model_that_keeps_its_word_may_be_returned(candidate: Candidate) -> None:
    assert NO_LIMITS.refusal(candidate, STATE, ()) == ""


def test_more_weights_than_are_allowed_are_refused_whatever_the_model_said(candidate: Candidate) -> None:
    strict = replace(NO_LIMITS, caps=CostCaps(14, 10**12))
    assert strict.refusal(candidate, STATE, ()).startswith("15 parameters where at most 14 are allowed")


def test_what_a_model_learns_in_buffers_counts_beyond_what_the_rootstock_has_there(
    shared_sandbox: LocalSandbox,
) -> None:
    hoarding = LINEAR.replace(
        "        self.fc = nn.Linear(4, 3)\n",
        "        self.fc = nn.Linear(4, 3)\n        self.register_buffer('samples', self.fc.weight.new_zeros(50, 4))\n",
    )
    tree = plant_tree(shared_sandbox, hoarding, "Net()", inputs(4))
    candidate = Candidate(1, 0, None, None, tree_hash(tree), tree.source, tree.construct, tree)
    state = {**STATE, "samples": np.ones((50, 4), np.float32)}
    strict = replace(NO_LIMITS, caps=CostCaps(15, 10**12))
    assert strict.refusal(candidate, state, ()) == "200 values in buffers where at most 15 are allowed"
    assert n_in_buffers(tree) == 200
    assert replace(strict, n_in_buffers=n_in_buffers(tree)).refusal(candidate, state, ()) == ""


def test_weights_that_are_not_the_trees_are_refused(candidate: Candidate) -> None:
    hidden = {**STATE, "hidden": np.arange(1000, dtype=np.float32)}
    assert "hidden are not in the tree" in NO_LIMITS.refusal(candidate, hidden, ())


def test_what_could_not_be_timed_is_not_shown_to_keep_a_limit_on_latency(candidate: Candidate) -> None:
    limited = replace(NO_LIMITS, ratios=CostRatios(latency=2.0))
    assert limited.refusal(candidate, STATE, ()) == "it could not be timed"


def test_an_excluded_finalist_is_passed_over_and_the_reason_is_told(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        for index in (1, 2):
            run.finish(run.propose(index))
        for index, score in ((0, 80.0), (1, 99.0), (2, 90.0)):
            for seed in (0, 1):
                store.record_measurement(index, "finalist", result_of(score + seed, 9000, seed), Compute())
        store.exclude(1, "3.10 times the rootstock's latency where 2 times are allowed")
        store.exclude(1, "another reason")
        best = store.best()
        assert best is not None
        assert best.index == 2
        said = "candidate 1 may not be returned: 3.10 times the rootstock's latency where 2 times are allowed"
        assert said in list(outcome_lines(store))
    assert "Finalist 1 may not be returned" in build_report(tmp_path).read_text()


def test_a_limit_on_latency_rejects_before_training(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    request = small_request(tmp_path, trials=3, **{"search.max_latency_ratio": 0.01})
    search(request, tmp_path, shared_sandbox, Quiet())
    with load_run(request.out) as run:
        attempts = [one for one in run.attempts()[1:] if one.status is Status.OVER_LIMIT]
        winner = run.best()
    assert attempts
    for attempt in attempts:
        assert "times the rootstock's latency where 0.01 times are allowed" in attempt.result.reason
        last = attempt.result.stages[-1]
        assert (last.stage, last.passage) == (Stage.GATES, Passage.REJECTED)
    assert winner is not None
    assert winner.index == 0
