"""All edits that are possible on one tree, grouped for a planner and drawn lazily.

A group is (operator, depth band, family). Within a group a draw takes a site first and a module second, both uniform,
so that neither a long stage nor a populous package crowds out the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from archgraft.tree_ops.edits import OPERATORS, Edit, Operator, Option
from archgraft.tree_ops.offering import (
    change_argument,
    compound,
    crossover,
    delete,
    duplicate,
    forward,
    insert,
    repeat,
    split,
    swap,
    wrap,
)
from archgraft.tree_ops.offering.crossover import Giver
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.shelf import Cost, Modules, Shelf
from archgraft.tree_ops.tree import Tree

_DRAWS_PER_OPTION = 8
_MAKERS = (swap, insert, wrap, delete, duplicate, split, change_argument, forward, compound)
Group = tuple[Operator, int, str]


class TreeOffers:
    """The offers on one tree.

    `modules` are the library, or a shelf of it that several trees share; `donors` are other trees to take subtrees
    from. `tried` tells whether an edit of this tree has been proposed before. `example` is an edit, of whatever tree,
    that is worth doing elsewhere.
    """

    def __init__(
        self,
        tree: Tree,
        modules: Modules | Shelf,
        *,
        causal: bool,
        max_parameters: int,
        max_flops: int,
        tried: Callable[[Edit], bool],
        donors: Sequence[Tree | Giver] = (),
        example: Edit | None = None,
    ) -> None:
        shelf = modules if isinstance(modules, Shelf) else Shelf(modules, causal=causal)
        ground = Ground(tree, shelf, Cost(max_parameters - tree.n_parameters, max_flops - tree.flops))
        givers = [one if isinstance(one, Giver) else Giver(one) for one in donors]
        self._ground, self._tried, self._example = ground, tried, example
        self._groups: dict[Group, list[Offer]] = defaultdict(list)
        for offers in (*(maker.offers(ground) for maker in _MAKERS), crossover.offers(ground, givers)):
            for offer in offers:
                self._groups[offer.operator, offer.depth_band, offer.family].append(offer)

    def operators(self) -> Sequence[Operator]:
        """The operators that have at least one option here."""
        return [operator for operator in OPERATORS if any(key[0] == operator for key in self._groups)]

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        """The depth bands in which the operator has an option."""
        return sorted({band for kind, band, _ in self._groups if kind == operator})

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        """The families that the operator has an option for in that band."""
        return sorted(family for kind, band, family in self._groups if (kind, band) == (operator, depth_band))

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """At most `n` different untried options of one group."""
        members = self._groups[operator, depth_band, family]
        return self._collect(n, generator, lambda: members[int(generator.integers(len(members)))])

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` different untried options: operator uniform, then site, then option. The control arm's draw."""
        if not self._groups:
            return ()
        kinds = sorted(self._by_site)

        def pick() -> Offer:
            by_site = self._by_site[kinds[int(generator.integers(len(kinds)))]]
            nids = sorted(by_site)
            choices = by_site[nids[int(generator.integers(len(nids)))]]
            weights = np.array([offer.n_options for offer in choices], dtype=float)
            return choices[int(generator.choice(len(choices), p=weights / weights.sum()))]

        return self._collect(n, generator, pick)

    def draw_repeats(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` untried options of one kind that do here what the example did, with the same module."""
        if not self._repeats:
            return ()
        bands = sorted(self._repeats)
        members = self._repeats[bands[int(generator.integers(len(bands)))]]
        return self._collect(n, generator, lambda: members[int(generator.integers(len(members)))])

    @cached_property
    def _repeats(self) -> dict[int, list[Offer]]:
        found: dict[int, list[Offer]] = defaultdict(list)
        for offer in repeat.offers(self._ground, self._example) if self._example is not None else ():
            found[offer.depth_band].append(offer)
        return dict(found)

    @cached_property
    def _by_site(self) -> dict[Operator, dict[str, list[Offer]]]:
        found: dict[Operator, dict[str, list[Offer]]] = defaultdict(lambda: defaultdict(list))
        for (operator, _, _), members in self._groups.items():
            for offer in members:
                found[operator][offer.nid].append(offer)
        return found

    def _collect(self, n: int, generator: np.random.Generator, pick: Callable[[], Offer]) -> tuple[Option, ...]:
        """Distinct untried options. Groups may hold fewer than `n`, so the number of draws is bounded."""
        options: dict[str, Option] = {}
        for _ in range(_DRAWS_PER_OPTION * n):
            if len(options) == n:
                break
            option = pick().draw(generator)
            if option is not None and not self._tried(option.edit):
                options.setdefault(repr(option.edit), option)
        return tuple(options.values())
