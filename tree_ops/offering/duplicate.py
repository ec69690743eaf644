"""Offers to put a second node like it behind a node."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Option
from archgraft.tree_ops.offering.grafting import keeps_shape
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.sites import Site


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer at each site that gives what it takes, and that a call can build."""
    for site in ground.sites:
        node = site.node
        if is_duplicable(ground, site) and ground.is_rebuildable(node):
            yield Offer("duplicate", node.nid, site.depth_band, node.class_name, 1, partial(_draw, ground, site))


def is_duplicable(ground: Ground, site: Site) -> bool:
    """Whether two such nodes in a row make sense, and there is room."""
    useful = site.node.definition not in TRIVIAL and site.node.n_parameters > 0
    return useful and keeps_shape(site.signature) and ground.affordable(ground.cost(site.node))


def _draw(ground: Ground, site: Site, generator: np.random.Generator) -> Option:
    cost = ground.cost(site.node)
    reach = ground.rebuildable(ground.reach(site, generator, cost))
    label = f"put a second one behind {reach.where}"
    return ground.option(site, reach.edit("duplicate"), label, site.node.class_name, cost)
