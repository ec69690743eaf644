"""Where a candidate falls in the MAP-Elites grid (Mouret and Clune 2015): cost band x dominant mixer x depth band."""

import math
from collections import Counter

from archgraft.agent.attempt import Descriptor
from archgraft.tree_ops.tree import Node, Tree

_MIXERS = (
    ("attention", ("attention", "attn")),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("convolution", ("conv",)),
    ("mlp", ("linear",)),
)


def describe(tree: Tree, rootstock: Tree) -> Descriptor:
    """The grid cell of a tree, relative to the rootstock it grew from."""
    return Descriptor(
        cost_band=_band(tree.n_parameters, rootstock.n_parameters),
        mixer=dominant_mixer(tree),
        depth_band=_band(_n_leaves(tree), _n_leaves(rootstock)),
    )


def dominant_mixer(tree: Tree) -> str:
    """The kind of leaf that holds most parameters; a linear layer under an attention module counts as attention."""
    parameters: Counter[str] = Counter()
    for node in tree:
        if not node.children and node.n_parameters:
            parameters[_mixer(tree, node)] += node.n_parameters
    return max(sorted(parameters), key=lambda mixer: parameters[mixer]) if parameters else "none"


def _mixer(tree: Tree, leaf: Node) -> str:
    parent = tree.parent_of(leaf.nid)
    names = [leaf.class_name.lower(), *([parent.class_name.lower()] if parent is not None else [])]
    for mixer, hints in _MIXERS:
        if any(hint in name for name in names for hint in hints):
            return mixer
    return "other"


def _band(value: int, reference: int) -> int:
    """0 up to the reference, 1 up to twice, 2 up to four times; -1 below a half, and so on."""
    return math.ceil(math.log2(max(value, 1) / max(reference, 1)) - 1e-9)


def _n_leaves(tree: Tree) -> int:
    return sum(not node.children for node in tree)
