"""Carries out a lineage on arrays: the parent's state and a freshly built child's, to the state the child begins with.

Numpy alone, so that it is the same in the sandbox and outside.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from archgraft.tree_ops.lineage import Lineage, TensorPlan

Arrays = Mapping[str, np.ndarray]


def transferred(lineage: Lineage, parent: Arrays, fresh: Arrays) -> dict[str, np.ndarray]:
    """The child's whole state. `fresh` is that of its constructor, and settles names, shapes and types.

    Raises `ValueError` when a lineage and the states are not of the same models.
    """
    state = dict(fresh)
    for plan in lineage.tensors:
        if plan.name not in fresh or tuple(fresh[plan.name].shape) != tuple(plan.shape):
            raise ValueError(f"the lineage is of another child: {plan.name} is not of shape {tuple(plan.shape)} in it")
        if missing := [source for source in plan.sources if source not in parent]:
            raise ValueError(f"the lineage is of another parent: it has no {missing[0]}")
        value = _value(plan, parent, fresh[plan.name], lineage.unit_maps)
        state[plan.name] = np.ascontiguousarray(value.astype(fresh[plan.name].dtype)).reshape(plan.shape)
    for name, holder in lineage.tied:
        if name in state:
            state[name] = state[holder]
    return state


def _value(plan: TensorPlan, parent: Arrays, fresh: np.ndarray, units: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    sources = [parent[source] for source in plan.sources]
    match plan.beginning:
        case "copy":
            return sources[0]
        case "average":
            return np.asarray(np.mean([_precise(source) for source in sources], axis=0))
        case "slice":
            return sources[0][plan.offset : plan.offset + plan.shape[0]]
        case "widen":
            return _widened(plan, sources[0], units)
        case "centre":
            return _centred(sources[0], plan.shape)
        case "blocks":
            return _in_blocks(sources[0], plan.shape, plan.n_groups)
        case "overlap":
            common = tuple(slice(min(n, m)) for n, m in zip(sources[0].shape, fresh.shape, strict=True))
            overlapped = fresh.copy()
            overlapped[common] = sources[0][common]
            return overlapped
        case "zero":
            return np.zeros_like(fresh)
        case "identity":
            return _identity(fresh)
        case "fresh":
            return fresh


def _widened(plan: TensorPlan, source: np.ndarray, units: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Units replicated along each changed axis; where they are summed over, divided by their number of replicas."""
    value = _precise(source)
    for axis_map in plan.maps:
        chosen = np.asarray(units[axis_map.units])
        value = value.take(chosen, axis=axis_map.axis)
        if axis_map.divides:
            n_replicas = np.bincount(chosen)[chosen]
            value = value / n_replicas.reshape([-1 if axis == axis_map.axis else 1 for axis in range(value.ndim)])
    return value


def _precise(source: np.ndarray) -> np.ndarray:
    return source.astype(np.float64) if source.dtype.kind == "f" else source


def _centred(source: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    value = np.zeros(shape, source.dtype)
    value[middle_of(source.shape, shape)] = source
    return value


def middle_of(small: tuple[int, ...], large: tuple[int, ...]) -> tuple[slice, ...]:
    """Where the small array lies in the middle of the large one."""
    starts = [(m - n) // 2 for n, m in zip(small, large, strict=True)]
    return tuple(slice(start, start + n) for start, n in zip(starts, small, strict=True))


def _in_blocks(source: np.ndarray, shape: tuple[int, ...], n_groups: int) -> np.ndarray:
    value = np.zeros(shape, source.dtype)
    for rows, columns in block_places(source.shape, shape, n_groups):
        value[rows, columns] = source[rows]
    return value


def block_places(small: tuple[int, ...], large: tuple[int, ...], n_groups: int) -> Iterator[tuple[slice, slice]]:
    """For each of a convolution's old groups its outputs, and its inputs among those that the merged group sees."""
    n_outputs, n_inputs = large[0] // n_groups, small[1]
    n_merged = large[1] // n_inputs
    for group in range(n_groups):
        start = group % n_merged * n_inputs
        yield slice(group * n_outputs, (group + 1) * n_outputs), slice(start, start + n_inputs)


def _identity(fresh: np.ndarray) -> np.ndarray:
    """Channel i to channel i, through the middle of a kernel; further outputs and inputs get zeros."""
    value = np.zeros_like(fresh)
    middle = tuple(size // 2 for size in fresh.shape[2:])
    for channel in range(min(fresh.shape[:2])):
        value[(channel, channel, *middle)] = 1
    return value
