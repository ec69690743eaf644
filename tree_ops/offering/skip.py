"""Offers to add skip connections in a forward."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Option
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.operators.skip import skip_edits


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer for each new skip that code and shapes allow."""
    for edit in skip_edits(ground.tree):
        band = ground.bands.get(edit.nid)
        if band is not None and not ground.tree.nodes[edit.nid].shared:
            yield Offer("skip", edit.nid, band, "skip", 1, partial(_draw, ground, edit, band))


def _draw(ground: Ground, edit: Edit, band: int, _generator: np.random.Generator) -> Option:
    return Option(edit, f"add a skip connection in the forward of {ground.where(edit)}", band, "skip", 1.0, 0)
