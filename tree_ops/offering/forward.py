"""Offers to change how tensors join in a forward, and to add skip connections."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.class_sources import ClassSources
from archgraft.tree_ops.edits import Edit, Option
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.operators.join import join_edits
from archgraft.tree_ops.operators.skip import skip_edits
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import depth_bands


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer for each change of a join, and for each new skip, that code and shapes allow."""
    bands, sources = depth_bands(ground.tree), ClassSources(ground.tree.source)
    for edit in (*join_edits(ground.tree, sources), *skip_edits(ground.tree, sources)):
        node = ground.tree.nodes[edit.nid]
        if edit.nid in bands and not node.shared:
            family = edit.join.operator if edit.join is not None else "skip"
            yield Offer(
                edit.operator, edit.nid, bands[edit.nid], family, 1, partial(_draw, ground, edit, bands[edit.nid])
            )


def _draw(ground: Ground, edit: Edit, band: int, _generator: np.random.Generator) -> Option | None:
    """The option, unless its projections cost more than there is room for."""
    node = ground.tree.nodes[edit.nid]
    name = f"{node.path or 'the model'} ({node.class_name})"
    where = name if not edit.others else f"all {1 + len(edit.others)} like {name}"
    if edit.join is None:
        return Option(edit, f"add a skip connection in the forward of {where}", band, "skip", 1.0, 0)
    join, projection = node.joins[edit.join.index], edit.join.projection
    n_parameters = math.prod(int(value) for _, value in projection.arguments[:2]) if projection is not None else 0
    cost = Cost(n_parameters, 0).times(len(edit.places))
    if not ground.affordable(cost):
        return None
    kept = edit.join.operator in ("left", "right")
    change = f"keep the {edit.join.operator} operand alone" if kept else edit.join.operator
    label = f"in the forward of {where}, line {join.site.line}: {change} in place of {join.operator}"
    return Option(edit, label, band, edit.join.operator, 1.0, cost.parameters)
