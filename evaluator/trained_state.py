"""Is a state that a child process sent back one of this tree? What it says is untrusted (law 5)."""

import numpy as np

from archgraft.evaluator.evaluate import Arrays
from archgraft.evaluator.weight_count import UnexpectedWeightsError, count_weights
from archgraft.tree_ops.anatomy import shapes_of
from archgraft.tree_ops.tree import Tree


def state_fault(tree: Tree, state: Arrays) -> str:
    """Why a state can't be the tree's own: a name, a shape, a value that is not finite. Empty when it can."""
    try:
        count_weights(tree, state)
    except UnexpectedWeightsError as error:
        return str(error)
    infinite = (name for name, array in state.items() if array.dtype.kind == "f" and not np.isfinite(array).all())
    return next((f"{name} is not finite" for name in infinite), "")


def state_bytes(tree: Tree) -> int:
    """What the state of a tree's model takes at most: no number is wider than eight bytes."""
    return 8 * sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes_of(tree).values())
