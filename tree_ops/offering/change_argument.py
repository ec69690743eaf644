"""Offers to set constructor arguments; the group's family is the argument that leads the change."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from archgraft.tree_ops.argument_changes import ArgumentChange
from archgraft.tree_ops.edits import Option
from archgraft.tree_ops.offering.ground import Ground, Reach
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.sites import Signature, Site

_ROOT_BAND = 1
_ROOT_SIGNATURE = Signature("vector", 0, 0, (), (), False)  # the root is never grafted, so its tensors don't matter


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer an argument. They need no tensor contract, so the root can take them too."""
    root = ground.tree.nodes[ground.tree.root]
    for site in (Site(root, _ROOT_SIGNATURE, _ROOT_BAND), *ground.sites):
        by_name: dict[str, list[ArgumentChange]] = defaultdict(list)
        for change in ground.changes(site.node):
            by_name[change.name].append(change)
        for name, changes in by_name.items():
            draw = partial(_draw, ground, site, changes)
            yield Offer("change_argument", site.node.nid, site.depth_band, name, len(changes), draw)


def told(change: ArgumentChange) -> str:
    """A change in words."""
    return ", ".join(f"{name}={value}" for name, value in change.changes)


def _draw(
    ground: Ground, site: Site, changes: Sequence[ArgumentChange], generator: np.random.Generator
) -> Option | None:
    change = changes[int(generator.integers(len(changes)))]
    cost = ground.change_cost(site.node, change)
    reach = _alike(ground, ground.reach(site, generator, cost)) if site.node.path else Reach("instance", (site.node,))
    edit = reach.edit("change_argument", changes=change.changes)
    return ground.option(site, edit, f"change {reach.where}: {told(change)}", change.name, cost)


def _alike(ground: Ground, reach: Reach) -> Reach:
    """The reach without nodes whose arguments differ, or that hold fitted parts: the same values need not fit them."""
    first, *others = reach.nodes
    return reach.only([first, *(n for n in others if n.arguments == first.arguments and ground.is_rebuildable(n))])
