"""What a search believes about each kind of edit: a discounted, hierarchical Beta-Bernoulli model.

The notation is that of agent/planners/thompson.py.
"""

from collections.abc import Callable, Sequence

import numpy as np

from archgraft.tree_ops.edits import Operator

Kind = tuple[Operator, int, str]
"""Operator, depth band, family."""

Group = tuple[Operator | int | str | None, ...]
"""Some levels of a kind: (), (operator,), (operator, band), (operator, None, family), (operator, band, family)."""


class Beliefs:
    """Success rates of kinds of edits; every level is pulled towards the one above it.

    `discount` forgets: what helped a poor model need not help a good one. `shrinkage` is how many attempts the level
    above is worth, so a band without a record is judged by its operator. A family without a record in a band is judged
    by both the band and the family's record in other bands: their effects add up in log-odds.
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
        operator, band, family = kind
        for group in ((), (operator,), (operator, band), (operator, None, family), kind):
            counts[group] = counts.get(group, 0.0) + 1.0

    def mean(self, group: Group) -> float:
        """Posterior mean of the group's success rate, strictly between 0 and 1."""
        a, b = self._posterior(group)
        return a / (a + b)

    def sample(self, kinds: Sequence[Kind], generator: np.random.Generator) -> Kind:
        """Thompson sampling, one level after the other: the member of the highest draw goes on to the next."""

        def highest(members: Sequence[Group]) -> int:
            return int(np.argmax([generator.beta(*self._posterior(member)) for member in members]))

        return _descend(kinds, highest)

    def _posterior(self, group: Group) -> tuple[float, float]:
        """The two parameters of the group's Beta distribution."""
        above, weight = self._above(group), self._shrinkage if group else 2.0
        successes, failures = self._successes.get(group, 0.0), self._failures.get(group, 0.0)
        return weight * above + successes, weight * (1 - above) + failures

    def _above(self, group: Group) -> float:
        """The success rate that the group is pulled towards."""
        if not group:
            return 0.5
        if len(group) < 3:
            return self.mean(group[:-1])
        operator, band, family = group
        if band is None:
            return self.mean((operator,))
        odds = self._odds((operator, band)) * self._odds((operator, None, family)) / self._odds((operator,))
        return odds / (1 + odds)

    def _odds(self, group: Group) -> float:
        mean = self.mean(group)
        return mean / (1 - mean)


def sample_uniform(kinds: Sequence[Kind], generator: np.random.Generator) -> Kind:
    """Uniform at each level, so that an operator with many families is not drawn more often than one with few."""
    return _descend(kinds, lambda members: int(generator.integers(len(members))))


def _descend(kinds: Sequence[Kind], choose: Callable[[Sequence[Group]], int]) -> Kind:
    """The kind that is reached when `choose` picks a place among the members of each level in turn."""
    left = list(kinds)
    for n_levels in (1, 2, 3):
        members = list(dict.fromkeys(kind[:n_levels] for kind in left))
        chosen = members[choose(members)]
        left = [kind for kind in left if kind[:n_levels] == chosen]
    return left[0]
