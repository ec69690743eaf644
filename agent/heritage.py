"""Trained weights that a candidate begins with, and what it has to beat then: its parent, trained equally longer.

A child that goes on from a trained parent has had more training than the parent's score tells of. So it is compared
with the parent's own weights, trained once more with the same recipe and seed. That control is measured when a child
first needs it, once for a parent and seed, and charged apart.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.space import Genes
from archgraft.agent.orchard import Orchard
from archgraft.agent.store.records import Candidate
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.agent.weight_keeping import WeightKeeper
from archgraft.evaluator.dissecting import anatomy_of
from archgraft.evaluator.evaluate import Arrays, Start
from archgraft.evaluator.exactness import exactness
from archgraft.evaluator.inheriting import inherited
from archgraft.evaluator.results import Result
from archgraft.evaluator.trained_state import state_fault
from archgraft.sandbox.metered import Metered
from archgraft.tree_ops.anatomy import Anatomy
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.lineage import Lineage
from archgraft.tree_ops.recently_used import RecentlyUsed
from archgraft.tree_ops.tree import Tree

N_ANATOMIES = 32


@dataclass(frozen=True, slots=True)
class Inherited:
    """What one training begins with, and the control's result with the same seed."""

    start: Start
    control: Result


@dataclass
class Account:
    """What giving one candidate its weights costs."""

    sandbox: Metered
    check_running: Callable[[], None]
    """Raises when the search was stopped: nothing is recorded then."""
    control_seconds: float = 0.0
    """Wall-clock time of controls, or of waiting for them: they are charged apart."""


@dataclass
class Nursery:
    """Gives the candidates of one search what they inherit."""

    store: RunStore
    keeper: WeightKeeper
    orchard: Orchard
    trainer: Trainer
    """That of the top rung; controls are never stopped early."""
    inputs: np.ndarray
    """A small batch that functions are compared on."""
    seeds: Sequence[int]
    _anatomies: RecentlyUsed[int, Anatomy] = field(default_factory=lambda: RecentlyUsed(N_ANATOMIES))
    _turns: dict[tuple[int, int], threading.Lock] = field(default_factory=dict)
    """So that two children that need the same control at once measure it once."""

    def heritage(
        self, candidate: Candidate, genes: Genes, told: Sequence[Attempt], account: Account
    ) -> "Heritage | None":
        """What a candidate inherits; None when it starts from scratch. Raises `SandboxError`.

        It inherits where its edit promised to keep the function, its recipe is the parent's, the parent's weights are
        at hand, and with these weights both compute the same.
        """
        assert candidate.parent_id is not None, "the rootstock inherits from nobody"
        parent = told[candidate.parent_id]
        if genes != parent.genes or parent.candidate_id not in self.keeper.holders(told):
            return None
        tree, seed = self.orchard.tree(parent.candidate_id), self.seeds[0]
        anatomy = self._anatomy(parent.candidate_id, tree, account)
        lineage = inheritance(tree, candidate.tree, candidate.edit, anatomy, seed)
        weights = self.keeper.load(parent.candidate_id, seed)
        if lineage.promise != "exact" or weights is None:
            return None
        limits = self.trainer.limits
        check = exactness(account.sandbox, tree, candidate.tree, lineage, self.inputs, seed, limits, weights)
        heritage = Heritage(self, candidate, parent, lineage, account)
        if not check.holds:
            reason = check.reason or f"outputs differ by {check.worst('float32', 'outputs'):.1e}"
            heritage.refuse(f"its edit promised to keep the function, but with trained weights: {reason}")
            return None
        return heritage if heritage.inherited(seed) is not None else None

    def control(self, parent: Attempt, weights: Arrays, epochs: int, seed: int, account: Account) -> Result:
        """The parent trained equally longer, measured unless it was before."""
        with self._turns.setdefault((parent.candidate_id, seed), threading.Lock()):
            known = (m.result for m in self.store.measurements("longer") if m.candidate_id == parent.candidate_id)
            found = next((result for result in known if result.seed == seed), None)
            if found is None:
                tree = self.orchard.tree(parent.candidate_id)
                trainer = self.trainer.with_genes(parent.genes)
                trained = trainer.train(tree.source, tree.construct, seed, start=Start(weights, epochs))
                account.check_running()
                found = trained.result
                self.store.record_measurement(parent.candidate_id, "longer", found, trained.compute)
            return found

    def _anatomy(self, candidate_id: int, tree: Tree, account: Account) -> Anatomy:
        limits = self.trainer.limits
        return self._anatomies.get(
            candidate_id, lambda: anatomy_of(account.sandbox, tree, self.inputs, self.seeds[0], limits)
        )


@dataclass
class Heritage:
    """What one candidate inherits, seed by seed."""

    nursery: Nursery
    candidate: Candidate
    parent: Attempt
    lineage: Lineage
    account: Account
    _found: dict[int, Inherited | None] = field(default_factory=dict)

    def inherited(self, seed: int) -> Inherited | None:
        """For one seed; None where the parent has no weights of that seed, or couldn't be trained longer."""
        if seed not in self._found:
            self._found[seed] = self._inherited(seed)
        return self._found[seed]

    def refuse(self, reason: str) -> None:
        """Say why the candidate starts from scratch although it was promised more."""
        self.account.check_running()
        text = f"candidate {self.candidate.id} is not given its parent's weights: {reason}"
        self.nursery.store.record_event("weights", text)

    def _inherited(self, seed: int) -> Inherited | None:
        nursery, parent = self.nursery, self.parent
        weights = nursery.keeper.load(parent.candidate_id, seed)
        state = None if weights is None else self._state(weights, seed)
        if weights is None or state is None:
            return None
        epochs = parent.result.inherited_epochs + nursery.trainer.recipe.epochs
        started = time.perf_counter()
        control = nursery.control(parent, weights, epochs, seed, self.account)
        self.account.control_seconds += time.perf_counter() - started
        return Inherited(Start(state, epochs), control) if control.ok else None

    def _state(self, weights: Arrays, seed: int) -> Arrays | None:
        """The parent's weights as the child's, checked; None when the child can't take them."""
        child = self.candidate.tree
        given = inherited(self.account.sandbox, child, self.lineage, weights, seed, self.nursery.trainer.limits)
        fault = given.reason if given.weights is None else state_fault(child, given.weights)
        if fault:
            self.refuse(fault)
            return None
        return given.weights
