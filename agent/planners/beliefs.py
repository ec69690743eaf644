"""What a search believes about each kind of edit: a discounted, hierarchical Beta-Bernoulli model.

The notation is that of agent/planners/thompson.py.
"""

from collections.abc import Sequence

import numpy as np

from archgraft.tree_ops.edits import Operator

Kind = tuple[Operator, int, str]
"""Operator, depth band, family."""

Group = tuple[Operator | int | str, ...]
"""The first levels of a kind: (), (operator,), (operator, band), (operator, band, family)."""


class Beliefs:
    """Success rates of kinds of edits; every level is pulled towards the one above it.

    `discount` forgets: what helped a poor model need not help a good one. `shrinkage` is how many attempts the level
    above is worth, so a family without a record is judged by its band, and that by its operator.
    """

    def __init__(self, discount: float, shrinkage: float) -> None:
        self._discount = discount
        self._shrinkage = shrinkage
        self._successes: dict[Group, float] = {}
        self._failures: dict[Group, float] = {}

    def tell(self, kind: Kind, improved: bool) -> None:
        """Learn from one attempt."""
        for counts in (self._successes, self._failures):
            for group in counts:
                counts[group] *= self._discount
        counts = self._successes if improved else self._failures
        for n_levels in range(len(kind) + 1):
            group = kind[:n_levels]
            counts[group] = counts.get(group, 0.0) + 1.0

    def mean(self, group: Group) -> float:
        """Posterior mean of the group's success rate."""
        a, b = self._posterior(group)
        return a / (a + b)

    def sample(self, kinds: Sequence[Kind], generator: np.random.Generator) -> Kind:
        """Thompson sampling, one level after the other: the member of the highest draw goes on to the next."""
        group: Group = ()
        while len(group) < 3:
            members = list(dict.fromkeys(kind[: len(group) + 1] for kind in kinds if kind[: len(group)] == group))
            draws = [generator.beta(*self._posterior(member)) for member in members]
            group = members[int(np.argmax(draws))]
        return next(kind for kind in kinds if kind == group)

    def _posterior(self, group: Group) -> tuple[float, float]:
        """The two parameters of the group's Beta distribution."""
        above = self.mean(group[:-1]) if group else 0.5
        weight = self._shrinkage if group else 2.0
        successes, failures = self._successes.get(group, 0.0), self._failures.get(group, 0.0)
        return weight * above + successes, weight * (1 - above) + failures


def sample_uniform(kinds: Sequence[Kind], generator: np.random.Generator) -> Kind:
    """Uniform at each level, so that an operator with many families is not drawn more often than one with few."""
    group: Group = ()
    while len(group) < 3:
        members = list(dict.fromkeys(kind[: len(group) + 1] for kind in kinds if kind[: len(group)] == group))
        group = members[int(generator.integers(len(members)))]
    return next(kind for kind in kinds if kind == group)
