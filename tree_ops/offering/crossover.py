"""Offers to put a subtree of another tree in a node's place, where both take and give the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from archgraft.tree_ops.donors import donor
from archgraft.tree_ops.edits import Donor, Option
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground
from archgraft.tree_ops.offering.in_place import works_in_place
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import Signature, Site, sites
from archgraft.tree_ops.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Gift:
    """A node that another tree could give: its cost, and what it looks like from outside."""

    tree: Tree
    node: Node
    cost: Cost
    look: tuple[object, ...]


class Giver:
    """A tree that gives subtrees to others. What it can give is found once, when first asked."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._donors: dict[str, Donor | None] = {}

    @cached_property
    def gifts(self) -> Mapping[Signature, Sequence[Gift]]:
        """All different subtrees that a call builds, by signature."""
        found: dict[Signature, dict[str, Gift]] = defaultdict(dict)
        for site in sites(self._tree):
            node = site.node
            if node.definition in TRIVIAL or any(part.shared for part in self._tree.below(node.nid)):
                continue
            expression = call_of(self._tree, node)
            if expression is not None:
                look = look_of(self._tree, node)
                found[site.signature].setdefault(
                    repr(look), Gift(self._tree, node, Cost(node.n_parameters, node.flops // self._tree.batch), look)
                )
        return {signature: tuple(gifts.values()) for signature, gifts in found.items()}

    def donor(self, nid: str) -> Donor | None:
        """A subtree, cut out."""
        if nid not in self._donors:
            self._donors[nid] = donor(self._tree, nid)
        return self._donors[nid]


def look_of(tree: Tree, node: Node) -> tuple[object, ...]:
    """Classes and arguments of a subtree: two that look alike would be no change."""
    parts = [(part.class_name, tuple((one.name, one.text) for one in part.arguments)) for part in tree.below(node.nid)]
    return tuple(parts)


def offers(ground: Ground, givers: Sequence[Giver]) -> Iterator[Offer]:
    """One offer a class that others can give, at each site that does anything."""
    for site in ground.sites if givers else ():
        node = site.node
        if node.definition in TRIVIAL:
            continue
        own = look_of(ground.tree, node)
        by_class: dict[str, list[tuple[Giver, Gift]]] = defaultdict(list)
        for giver in givers:
            for signature in _alike(site.signature):
                for gift in giver.gifts.get(signature, ()):
                    if gift.look != own and _fits(site, gift) and ground.affordable(_growth(ground, site, gift)):
                        by_class[gift.node.class_name].append((giver, gift))
        for name, gifts in by_class.items():
            draw = partial(_draw, ground, site, gifts)
            yield Offer("crossover", node.nid, site.depth_band, name, len(gifts), draw)


def _alike(signature: Signature) -> frozenset[Signature]:
    """Where a gift may come from: its code may have been given less, and what followed may have overwritten more."""
    return frozenset(
        replace(signature, extra_inputs=extra_inputs, overwritten=overwritten)
        for extra_inputs in {signature.extra_inputs, False}
        for overwritten in {signature.overwritten, True}
    )


def _fits(site: Site, gift: Gift) -> bool:
    """What takes further arguments only goes where the same class was given them; what works in place where one did."""
    same_class = gift.node.class_name == site.node.class_name
    return same_class or not (gift.node.extra_inputs or works_in_place(gift.tree, gift.node))


def _growth(ground: Ground, site: Site, gift: Gift) -> Cost:
    own = ground.cost(site.node)
    return Cost(gift.cost.parameters - own.parameters, gift.cost.flops - own.flops)


def _draw(
    ground: Ground, site: Site, gifts: Sequence[tuple[Giver, Gift]], generator: np.random.Generator
) -> Option | None:
    giver, gift = gifts[int(generator.integers(len(gifts)))]
    given = giver.donor(gift.node.nid)
    if given is None:
        return None
    cost = _growth(ground, site, gift)
    reach = ground.reach(site, generator, cost)
    size = f"about {gift.node.n_parameters:,} parameters"
    label = f"replace {reach.where}: {gift.node.class_name} of {gift.node.path} in another candidate ({size})"
    return ground.option(site, reach.edit("crossover", donor=given), label, gift.node.class_name, cost)
