"""An attempt whose tree was tried before is not trained again; one that begins with other values is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.attempt_runner import AttemptRunner
from archgraft.agent.choosers.protocol import Answer, Question
from archgraft.agent.genes.space import Genes
from archgraft.agent.orchard import Orchard
from archgraft.agent.planners.protocol import Plan
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.scoring import Scoring
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.records import Candidate, Compute, Proposal
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trained, Trainer
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.results import Status
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit, Option
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree
from tests.agent.synthetic import SyntheticRun, result_of, run_info
from tests.grafting import Graftery, conv, edit_at, spec_of
from tests.planting import LIMITS, RESIDUAL, inputs, plant_tree

SCALED = RESIDUAL.replace("stride=1, act=nn.ReLU):", "stride=1, act=nn.ReLU, start=1e-5):").replace(
    "self.norm = nn.BatchNorm2d(width)",
    "self.norm = nn.BatchNorm2d(width)\n        nn.init.constant_(self.norm.weight, start)",
)


@dataclass
class Training:
    """Scores without training, and how many there were."""

    sources: list[str] = field(default_factory=list)

    def with_genes(self, genes: Genes) -> "Training":
        return self

    def train(self, source: str, construct: str, seed: int, **_: object) -> Trained:
        self.sources.append(source)
        return Trained(result_of(50.0, 9000, seed), (), None, Compute())


class Search:
    """A search of one host whose attempts are given edits."""

    def __init__(self, store: RunStore, sandbox: LocalSandbox) -> None:
        self.tree = plant_tree(sandbox, SCALED, "Net(width=4)", inputs(3, 8, 8))
        self.training = Training()
        self._store = store
        caps = CostCaps(10**9, 10**12)
        workshop = Workshop(sandbox, Rootstock("net", self.tree, (10,), 0), spec_of, inputs(3, 8, 8), LIMITS, caps, 0)
        orchard = Orchard(store, {}, causal=False, caps=caps)
        trainer = cast(Trainer, self.training)
        scoring = Scoring([trainer], run_info().metric, noises=[0.5], seeds=[0], let_through_share=0.0)
        self._runner = AttemptRunner(store, orchard, workshop, scoring)
        self._told = [SyntheticRun.attempt(0, None, None, "", result_of(50.0, 9000), None)]
        store.record_candidate(self._candidate(0, self.tree))
        store.record_result(self._told[0], Compute())

    def tried(self, tree: Tree) -> None:
        """Attempt 1 came to this tree."""
        attempt = SyntheticRun.attempt(1, 0, "swap", "", result_of(50.0, 9000), 0.0)
        self._propose(1, Edit("swap", "n0", ""))
        self._store.record_candidate(self._candidate(1, tree))
        self._store.record_result(attempt, Compute())
        self._told.append(attempt)

    def attempt(self, edit: Edit) -> Attempt:
        """The next attempt."""
        return self._runner.run(self._propose(len(self._told), edit), self._told)

    def _propose(self, index: int, edit: Edit) -> Proposal:
        option = Option(edit, "option", 0, "", 1.0, 0)
        question = Question(index, Plan(0, edit.operator, 0, "", (option,), ""), "", (), "")
        self._store.record_proposal(question)
        answer = Answer(0, "", "prior")
        self._store.record_answer(index, answer)
        return Proposal(question, answer)

    @staticmethod
    def _candidate(index: int, tree: Tree) -> Candidate:
        return Candidate(index, None, None, None, tree_hash(tree), tree.source, tree.construct, tree)


@pytest.fixture
def search(shared_sandbox: LocalSandbox, tmp_path: Path) -> Iterator[Search]:
    with open_run(tmp_path, run_info()) as store:
        yield Search(store, shared_sandbox)


@pytest.mark.parametrize("kind", ["swap", "change_argument"])
def test_a_tree_that_was_made_by_an_override_is_not_trained_again(
    search: Search, shared_sandbox: LocalSandbox, kind: str
) -> None:
    """The ladder's first print is an edited call, or a class that is specialised for it."""
    edit = {
        "swap": edit_at(search.tree, "swap", "stage1.0", "stage1.1", graft=conv(4, 4)),
        "change_argument": edit_at(search.tree, "change_argument", "stage2", changes=(("start", "0.5"),)),
    }[kind]
    rungs = dict(Graftery(shared_sandbox, inputs(3, 8, 8)).on_each_rung(search.tree, edit))
    search.tried(rungs["builder"])
    attempt = search.attempt(edit)
    assert (attempt.status, attempt.result.reason) == (Status.DUPLICATE, "the same tree as candidate 1")
    assert not search.training.sources


def test_a_tree_that_begins_with_other_values_is_trained(search: Search) -> None:
    attempt = search.attempt(edit_at(search.tree, "change_argument", "stage2", changes=(("start", "1.0"),)))
    assert attempt.status == Status.OK
    assert len(search.training.sources) == 1
