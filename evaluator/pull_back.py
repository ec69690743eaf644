"""The gradient that a parent's tensors must have had, from the gradients of a child that inherited them.

| symbol | meaning |
| --- | --- |
| t | a tensor of the parent |
| c_k = A_k t | the child's tensors that begin from it, each by a linear map (replicate, divide, cut, pad) |
| L(c_1, ..., c_K) | a loss of the child's outputs |

When the child computes what the parent does for every t, not only for this one, the chain rule gives
dL/dt = sum_k A_k' dL/dc_k. So one rule tells what the gradients must be, whatever the edit.
"""

from collections.abc import Mapping

import numpy as np

from archgraft.evaluator.transfer import Arrays, block_places, middle_of
from archgraft.tree_ops.lineage import Lineage, TensorPlan

LINEAR = frozenset({"copy", "average", "slice", "widen", "centre", "blocks"})


def pulled_back(lineage: Lineage, shapes: Mapping[str, tuple[int, ...]], gradients: Arrays) -> dict[str, np.ndarray]:
    """By the parent's names, A' times the child's gradients; `shapes` are the parent's. Float64."""
    found: dict[str, np.ndarray] = {}
    for plan in lineage.tensors:
        if plan.beginning not in LINEAR or plan.name not in gradients:
            continue
        for source in plan.sources:
            if source in shapes:
                part = _adjoint(plan, gradients[plan.name].astype(np.float64), shapes[source], lineage.unit_maps)
                found[source] = found[source] + part if source in found else part
    return found


def _adjoint(
    plan: TensorPlan, gradient: np.ndarray, shape: tuple[int, ...], units: Mapping[str, tuple[int, ...]]
) -> np.ndarray:
    match plan.beginning:
        case "average":
            return gradient / len(plan.sources)
        case "slice":
            whole = np.zeros(shape)
            whole[plan.offset : plan.offset + plan.shape[0]] = gradient
            return whole
        case "widen":
            return _gathered(plan, gradient, units)
        case "centre":
            return gradient[middle_of(shape, plan.shape)]
        case "blocks":
            whole = np.zeros(shape)
            for rows, columns in block_places(shape, plan.shape, plan.n_groups):
                whole[rows] = gradient[rows, columns]
            return whole
        case _:
            return gradient


def _gathered(plan: TensorPlan, gradient: np.ndarray, units: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """The sum over each unit's replicas, each divided as its values were."""
    for axis_map in plan.maps:
        chosen = np.asarray(units[axis_map.units])
        n_replicas = np.bincount(chosen)
        along = np.moveaxis(gradient, axis_map.axis, 0)
        total = np.zeros((len(n_replicas), *along.shape[1:]))
        np.add.at(total, chosen, along)
        if axis_map.divides:
            total /= n_replicas.reshape([-1] + [1] * (total.ndim - 1))
        gradient = np.moveaxis(total, 0, axis_map.axis)
    return gradient
