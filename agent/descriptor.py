"""Where a candidate falls in the MAP-Elites grid (Mouret and Clune 2015): cost band x dominant mixer x depth band."""

import math

from archgraft.agent.attempt import Descriptor
from archgraft.tree_ops.features import mixer_parameters
from archgraft.tree_ops.tree import Tree


def describe(tree: Tree, rootstock: Tree) -> Descriptor:
    """The grid cell of a tree, relative to the rootstock it grew from."""
    return Descriptor(
        cost_band=_band(tree.n_parameters, rootstock.n_parameters),
        mixer=dominant_mixer(tree),
        depth_band=_band(_n_leaves(tree), _n_leaves(rootstock)),
    )


def dominant_mixer(tree: Tree) -> str:
    """The mixer whose leaves hold most parameters; `none` where no leaf holds any."""
    parameters = mixer_parameters(tree)
    return max(sorted(parameters), key=lambda mixer: parameters[mixer]) if any(parameters.values()) else "none"


def _band(value: int, reference: int) -> int:
    """0 up to the reference, 1 up to twice, 2 up to four times; -1 below a half, and so on."""
    return math.ceil(math.log2(max(value, 1) / max(reference, 1)) - 1e-9)


def _n_leaves(tree: Tree) -> int:
    return sum(not node.children for node in tree)
