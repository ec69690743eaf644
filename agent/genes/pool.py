"""Suggests the genes of each candidate: its parent's, or new ones by a tree-structured Parzen estimator.

Optuna's sampler (TPE: Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", section 4; all genes at
once: Falkner et al. 2018, arXiv 1807.01774, section 3.2) asks for a number that says what genes are worth, whatever the
architecture that they came with. A score is no such number: later candidates have better architectures, and would lend
their genes the credit. So genes are worth

    credit(candidate) = credit(parent) + gain over the parent, where the genes are new
    credit(candidate) = credit(parent), where they are the parent's

and the rootstock's are worth 0: what a lineage gained in the steps that changed the recipe, without the steps that
changed the architecture alone. The edit that comes with new genes is noise in it, of either sign. Decision 26 has the
alternatives.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.space import Gene, Genes
from archgraft.agent.store.quiet_optuna import quiet_optuna
from archgraft.evaluator.results import Status

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_STREAM = 5
"""Beside the streams of the loop (0, 1), the ladder (2), scoring (3) and the proxies (4)."""
N_RANDOM = 8
"""Results before the estimator begins, the rootstock's included: less than Optuna's ten, as searches are short."""
_FAULTS_OF_GENES = (Status.NONFINITE, Status.STOPPED_EARLY)
"""What a recipe, too, may be to blame for; the estimator hears of other failures nothing."""


class GenePool:
    """The genes of one search. Like a planner, it knows of attempts by `tell` alone (law 8)."""

    def __init__(self, genes: Sequence[Gene], inherit_share: float, seed: int) -> None:
        self._space = genes
        self._inherit_share = inherit_share
        self._seed = seed
        self._genes: dict[int, Genes] = {}
        self._credits: dict[int, float] = {}
        self._trials: dict[int, FrozenTrial] = {}

    def tell(self, attempt: Attempt) -> None:
        """Take note of an attempt, or of what became of one after a promotion; the rootstock, 0, first."""
        if not self._space:
            return
        index, parent = attempt.index, attempt.parent_id
        inherited = parent is not None and attempt.genes == self._genes[parent]
        before = self._credits[parent] if parent is not None else 0.0
        self._genes[index] = attempt.genes
        self._credits[index] = before if inherited or attempt.gain is None else before + attempt.gain
        if parent is None or (attempt.genes and not inherited):
            self._learn(attempt)

    def suggest(self, index: int, parent_id: int) -> Genes:
        """The genes of attempt `index`, which follow from what was told and from the seed alone."""
        if not self._space:
            return {}
        generator = np.random.default_rng([self._seed, index, _STREAM])
        if generator.random() < self._inherit_share:
            return self._genes[parent_id]
        return self._estimated(int(generator.integers(2**32)))

    def credits(self) -> dict[int, float]:
        """What each candidate's genes are worth, by what was told."""
        return dict(self._credits)

    def _learn(self, attempt: Attempt) -> None:
        from optuna.trial import TrialState, create_trial

        is_rescued = any(rescue.status in _FAULTS_OF_GENES for rescue in attempt.result.rescues)
        failed = is_rescued or attempt.status in _FAULTS_OF_GENES
        if not failed and attempt.gain is None and attempt.parent_id is not None:
            return
        self._trials[attempt.index] = create_trial(
            state=TrialState.PRUNED if failed else TrialState.COMPLETE,
            value=None if failed else self._credits[attempt.index],
            params={gene.name: attempt.genes.get(gene.name, gene.own) for gene in self._space},
            distributions=self._distributions(),
        )

    def _estimated(self, seed: int) -> Genes:
        """A study made anew for each question holds nothing but what was told."""
        from optuna import create_study
        from optuna.samplers import TPESampler

        with quiet_optuna():
            sampler = TPESampler(n_startup_trials=N_RANDOM, multivariate=True, seed=seed)
            study = create_study(direction="maximize", sampler=sampler)
            study.add_trials([self._trials[index] for index in sorted(self._trials)])
            found = study.ask(self._distributions()).params
        return {gene.name: gene.rounded(found[gene.name]) for gene in self._space}

    def _distributions(self) -> "dict[str, BaseDistribution]":
        return {gene.name: distribution_of(gene) for gene in self._space}


def distribution_of(gene: Gene) -> "BaseDistribution":
    """A gene in Optuna's words."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(gene.own, bool):
        return CategoricalDistribution([False, True])
    if isinstance(gene.own, int):
        return IntDistribution(int(gene.low), int(gene.high))
    return FloatDistribution(gene.low, gene.high, log=gene.log)
