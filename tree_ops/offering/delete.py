"""Offers to take a node out."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Option
from archgraft.tree_ops.offering.grafting import keeps_shape
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground
from archgraft.tree_ops.offering.in_place import is_behind_activation
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import Site


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer at each site that gives what it takes."""
    for site in ground.sites:
        node = site.node
        useful = node.definition not in TRIVIAL and keeps_shape(site.signature)
        if useful and not (site.signature.overwritten and is_behind_activation(ground.tree, node)):
            yield Offer("delete", node.nid, site.depth_band, node.class_name, 1, partial(_draw, ground, site))


def _draw(ground: Ground, site: Site, generator: np.random.Generator) -> Option:
    cost = Cost(-site.node.n_parameters, -site.node.flops // ground.tree.batch)
    reach = ground.reach(site, generator, cost)
    return ground.option(site, reach.edit("delete"), f"delete {reach.where}", site.node.class_name, cost)
