"""Offers to let two paths do one node's work; the group's family is the form."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Form, Option
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.offering.in_place import works_in_place
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.operators.split import OUTPUT_WIDTH, output_width
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import Site
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node


def offers(ground: Ground) -> Iterator[Offer]:
    """An average of copies for what has weights and can be built by a call; two halves for layers with channels."""
    for site in ground.sites:
        node = site.node
        if not node.n_parameters or not ground.is_rebuildable(node):
            continue
        if ground.affordable(ground.cost(node)) and not works_in_place(ground.tree, node):
            yield Offer("split", node.nid, site.depth_band, "average", 1, partial(_draw, ground, site, "average"))
        if _has_halves(node):
            yield Offer("split", node.nid, site.depth_band, "channels", 1, partial(_draw, ground, site, "channels"))


def _has_halves(node: Node) -> bool:
    """Whether a layer's output channels can be given by two layers of the same groups."""
    if node.definition not in OUTPUT_WIDTH or node.extra_inputs:
        return False
    groups = next((int(literal(one.text)) for one in node.arguments if one.name == "groups"), 1)
    return output_width(node) % (2 * groups) == 0


def _draw(ground: Ground, site: Site, form: Form, generator: np.random.Generator) -> Option:
    cost = ground.cost(site.node) if form == "average" else Cost(0, 0)
    reach = ground.rebuildable(ground.reach(site, generator, cost))
    how = "the average of two copies" if form == "average" else "two layers that give half of the channels each"
    edit = reach.edit("split", form=form)
    return ground.option(site, edit, f"split {reach.where} into {how}", form, cost)
