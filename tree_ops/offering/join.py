"""Offers to change how two tensors become one in a forward; the group's family is the new operator."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Option
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.operators.join import join_edits
from archgraft.tree_ops.operators.required import join_of
from archgraft.tree_ops.shelf import Cost


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer for each change of a join that code and shapes allow."""
    for edit in join_edits(ground.tree):
        band = ground.bands.get(edit.nid)
        if band is not None and not ground.tree.nodes[edit.nid].shared:
            yield Offer("join", edit.nid, band, join_of(edit).operator, 1, partial(_draw, ground, edit, band))


def _draw(ground: Ground, edit: Edit, band: int, _generator: np.random.Generator) -> Option | None:
    """The option, unless its projections cost more than there is room for."""
    node, change = ground.tree.nodes[edit.nid], join_of(edit)
    join, projection = node.joins[change.index], change.projection
    n_parameters = math.prod(int(value) for _, value in projection.arguments[:2]) if projection is not None else 0
    cost = Cost(n_parameters, 0).times(len(edit.places))
    if not ground.affordable(cost):
        return None
    kept = change.operator in ("left", "right")
    told = f"keep the {change.operator} operand alone" if kept else change.operator
    label = f"in the forward of {ground.where(edit)}, line {join.site.line}: {told} in place of {join.operator}"
    return Option(edit, label, band, change.operator, 1.0, cost.parameters)
