"""The seam between a tree's offers and the operators: what one operator could do at one site."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from archgraft.tree_ops.edits import Operator, Option


@dataclass(frozen=True, slots=True)
class Offer:
    """Options of one operator and one family, at the site `nid`.

    Making an option costs time, so it is made when drawn. A draw may give None: what looked possible turned out not to
    be, or not to be affordable.
    """

    operator: Operator
    nid: str
    depth_band: int
    family: str
    n_options: int
    draw: Callable[[np.random.Generator], Option | None]
