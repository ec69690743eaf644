"""How large a trained model is by the weights that came back, not by its own word.

What a test score rests on was learnt in another process, and only the weights came from there: no trained value can be
missing from them. Their names and shapes are held against the tree that was accepted before training, which says what
is a parameter and what a buffer. A model can still call a parameter a buffer, in both places, and teach it itself, down
to a copy of all training samples; so buffers are counted, too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from archgraft.tree_ops.tree import NodeTensor, Tree
from archgraft.tree_ops.tree_paths import joined


@dataclass(frozen=True, slots=True)
class WeightCount:
    """Values in a model's weights; what is held under several names counts once."""

    n_parameters: int
    n_in_buffers: int


def n_in_buffers(tree: Tree) -> int:
    """Values in a tree's buffers, by its own word; what is held under several names counts once."""
    own = [tensor for node in tree for tensor in node.tensors if tensor.kind == "buffer" and not tensor.tied_to]
    return sum(math.prod(tensor.shape) for tensor in own)


class UnexpectedWeightsError(ValueError):
    """The weights are not those of the tree; the message says in what they differ."""


def count_weights(tree: Tree, weights: Mapping[str, np.ndarray]) -> WeightCount:
    """Count what the weights hold. Raises `UnexpectedWeightsError`."""
    known = {joined(node.path, tensor.name): tensor for node in tree for tensor in node.tensors}
    for name in known:
        if name not in weights:
            raise UnexpectedWeightsError(f"the weights lack {name}")
    totals = {"parameter": 0, "buffer": 0}
    for name, array in weights.items():
        tensor = known.get(name)
        if tensor is None or tensor.tied_to:
            _require_again(name, array, tensor, weights, known)
        elif tensor.shape and tensor.shape != array.shape:
            raise UnexpectedWeightsError(f"{name} has shape {array.shape} where the tree has {tensor.shape}")
        else:
            totals[tensor.kind] += array.size
    return WeightCount(totals["parameter"], totals["buffer"])


def _require_again(
    name: str,
    array: np.ndarray,
    tensor: NodeTensor | None,
    weights: Mapping[str, np.ndarray],
    known: Mapping[str, NodeTensor],
) -> None:
    """A tied tensor, or one of a module that stands in two slots, holds what another name holds."""
    others = (tensor.tied_to,) if tensor is not None else tuple(known)
    if not any(np.array_equal(array, weights[other]) for other in others):
        where = "are not in the tree" if tensor is None else f"are not those of {tensor.tied_to}, to which it is tied"
        raise UnexpectedWeightsError(f"the values of {name} {where}")
