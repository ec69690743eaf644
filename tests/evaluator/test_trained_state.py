"""Trained weights that go from a parent to its child: what is checked on the way, and what a training makes of them."""

import numpy as np
import pytest

from archgraft.evaluator.evaluate import Arrays, CandidateSource, Start
from archgraft.evaluator.exactness import exactness
from archgraft.evaluator.inheriting import inherited
from archgraft.evaluator.trained_state import state_fault
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.inheritance import inheritance
from tests.evaluator.growing import Nursery, nursery
from tests.evaluator.test_evaluate import clusters, run
from tests.planting import LIMITS

SHARING = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.mix = nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 6)
        self.again = self.mix
        self.tied = nn.Linear(6, 6, bias=False)
        self.tied.weight = self.first.weight
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.relu(self.mix(self.norm(self.first(x))))
        return self.out(self.tied(self.again(x)))
"""
"""A module in two slots, a weight of two layers, and statistics."""


@pytest.fixture(scope="module")
def parent(shared_sandbox: LocalSandbox) -> Nursery:
    inputs = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    return nursery(shared_sandbox, SHARING, "Net()", inputs, (3,))


@pytest.fixture(scope="module")
def trained(shared_sandbox: LocalSandbox, parent: Nursery) -> Arrays:
    weights = run(shared_sandbox, _source(parent), clusters(), keep_weights=True).weights
    assert weights is not None
    return weights


def _source(nursery: Nursery) -> CandidateSource:
    return CandidateSource(nursery.tree.source, nursery.tree.construct)


def test_a_child_takes_over_shared_modules_tied_weights_and_statistics(
    shared_sandbox: LocalSandbox, parent: Nursery, trained: Arrays
) -> None:
    edit = parent.edit("split", "out", form="average")
    child = parent.child(edit)
    lineage = inheritance(parent.tree, child, edit, parent.anatomy)
    assert lineage.promise == "exact"
    assert exactness(shared_sandbox, parent.tree, child, lineage, parent.batch, 0, LIMITS, trained).holds
    state = inherited(shared_sandbox, child, lineage, trained, 0, LIMITS).weights
    assert state is not None
    assert not state_fault(child, state)
    np.testing.assert_array_equal(state["again.weight"], trained["mix.weight"])
    np.testing.assert_array_equal(state["tied.weight"], trained["first.weight"])
    np.testing.assert_array_equal(state["norm.running_var"], trained["norm.running_var"])
    scores = [
        run(shared_sandbox, source, clusters(), weights=weights).result.metrics
        for source, weights in ((_source(parent), trained), (CandidateSource(child.source, child.construct), state))
    ]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0].score == scores[1].score


def test_a_training_that_begins_with_trained_weights_goes_on_from_them_and_says_so(
    shared_sandbox: LocalSandbox, parent: Nursery, trained: Arrays
) -> None:
    cold = run(shared_sandbox, _source(parent), clusters())
    warm = run(shared_sandbox, _source(parent), clusters(), start=Start(trained, 4))
    assert (cold.result.inherited_epochs, cold.result.from_scratch) == (0, True)
    assert (warm.result.inherited_epochs, warm.result.from_scratch) == (4, False)
    assert warm.train_losses[0] < cold.train_losses[0]
    assert warm.result.seed == cold.result.seed


def test_a_start_that_does_not_fit_is_the_candidates_failure(
    shared_sandbox: LocalSandbox, parent: Nursery, trained: Arrays
) -> None:
    weights = {name: array for name, array in trained.items() if name != "out.bias"}
    failed = run(shared_sandbox, _source(parent), clusters(), start=Start(weights, 4)).result
    assert not failed.ok
    assert "loading state_dict" in failed.reason


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, ""),
        ({"out.bias": None}, "the weights lack out.bias"),
        ({"extra": np.zeros(1)}, "the values of extra are not in the tree"),
        ({"out.weight": np.zeros((3, 5))}, "out.weight has shape (3, 5) where the tree has (3, 6)"),
        ({"out.bias": np.full(3, np.nan)}, "out.bias is not finite"),
    ],
)
def test_a_state_is_known_by_its_names_shapes_and_numbers(
    parent: Nursery, trained: Arrays, changes: dict[str, np.ndarray | None], fault: str
) -> None:
    state = {name: array for name, array in (dict(trained) | changes).items() if array is not None}
    assert state_fault(parent.tree, state) == fault
