"""All edits that are possible on one tree, grouped for a planner and drawn lazily.

A group is (operator, depth band, family). Within a group a draw takes a site first and a module second, both uniform,
so that neither a long stage nor a populous package crowds out the rest. An operator's offers are made when it is first
drawn from: a tree of hundreds of modules has tens of thousands, of which a planner sees a handful.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archgraft.tree_ops.edits import OPERATORS, Edit, Operator, Option
from archgraft.tree_ops.offering import (
    change_argument,
    compound,
    crossover,
    delete,
    duplicate,
    insert,
    join,
    repeat,
    skip,
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
_MAKERS: Mapping[Operator, Callable[[Ground], Iterator[Offer]]] = {
    "swap": swap.offers,
    "insert": insert.offers,
    "delete": delete.offers,
    "change_argument": change_argument.offers,
    "duplicate": duplicate.offers,
    "wrap": wrap.offers,
    "split": split.offers,
    "join": join.offers,
    "skip": skip.offers,
    "compound": compound.offers,
}


@dataclass(frozen=True, slots=True)
class _Made:
    """All offers of one operator."""

    by_group: Mapping[tuple[int, str], Sequence[Offer]]
    """By depth band and family."""
    by_site: Mapping[str, Sequence[Offer]]
    """By node id, in order."""


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
        self._givers = [one if isinstance(one, Giver) else Giver(one) for one in donors]
        self._ground, self._tried, self._example = ground, tried, example
        self._made: dict[Operator, _Made] = {}

    def operators(self) -> Sequence[Operator]:
        """The operators that have at least one option here."""
        return self._operators

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        """The depth bands in which the operator has an option."""
        return sorted({band for band, _ in self._of(operator).by_group})

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        """The families that the operator has an option for in that band."""
        return sorted(family for band, family in self._of(operator).by_group if band == depth_band)

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """At most `n` different untried options of one group."""
        members = self._of(operator).by_group[depth_band, family]
        return self._collect(n, generator, lambda: members[int(generator.integers(len(members)))])

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` different untried options: operator uniform, then site, then option. The control arm's draw."""
        kinds = sorted(self._operators)
        if not kinds:
            return ()

        def pick() -> Offer:
            by_site = self._of(kinds[int(generator.integers(len(kinds)))]).by_site
            choices = by_site[list(by_site)[int(generator.integers(len(by_site)))]]
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
    def _operators(self) -> Sequence[Operator]:
        return [operator for operator in OPERATORS if next(self._offers(operator), None) is not None]

    def _of(self, operator: Operator) -> _Made:
        if operator not in self._made:
            by_group: dict[tuple[int, str], list[Offer]] = defaultdict(list)
            by_site: dict[str, list[Offer]] = defaultdict(list)
            for offer in self._offers(operator):
                by_group[offer.depth_band, offer.family].append(offer)
                by_site[offer.nid].append(offer)
            self._made[operator] = _Made(dict(by_group), {nid: by_site[nid] for nid in sorted(by_site)})
        return self._made[operator]

    def _offers(self, operator: Operator) -> Iterator[Offer]:
        if operator == "crossover":
            return crossover.offers(self._ground, self._givers)
        return _MAKERS[operator](self._ground)

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
