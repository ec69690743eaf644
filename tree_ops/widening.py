"""Net2Net's widening as data: which unit of the parent each unit of the child replicates.

Source: Chen et al. 2016, "Net2Net: Accelerating Learning via Knowledge Transfer" (arXiv 1511.05641), section 2.2 and
algorithm 1. Where the growth is by a whole factor all units get the same number of replicas, side by side: that keeps
means, variances and halves, too. Otherwise the first units are themselves and each further one replicates a random one.

| symbol | meaning |
| --- | --- |
| n, m | number of units in the parent and in the child |
| g | the map, g(j) = j for j < n, else uniform in 0..n-1; with m = f n, g(j) = j // f |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from archgraft.tree_ops.anatomy import Anatomy, UnitGroup
from archgraft.tree_ops.lineage import AxisMap
from archgraft.tree_ops.tree import Shape


@dataclass(frozen=True, slots=True)
class Growth:
    """What becomes of one group: maps by axis of the parent's tensors, or the reason why there are none."""

    maps: Mapping[tuple[str, int], AxisMap]
    units: Mapping[str, tuple[int, ...]]
    reason: str = ""


def growth_of(group: UnitGroup, before: Mapping[str, Shape], after: Mapping[str, Shape], seed: int) -> Growth:
    """How a group grows. `before` and `after` are shapes in parent and child, both by the parent's names."""
    if group.hazards:
        return _no_growth(group.hazards[0])
    if {axis.role for axis in group.axes} != {"gives", "takes"}:
        return _no_growth("it isn't known which layer takes them")
    sizes: dict[tuple[str, int], tuple[int, int]] = {}
    for axis in group.axes:
        if axis.tensor not in after:
            return _no_growth(f"{axis.tensor} is gone")
        sizes[axis.tensor, axis.axis] = before[axis.tensor][axis.axis], after[axis.tensor][axis.axis]
    reason = _unequal(sizes, uniform=group.uniform)
    if reason:
        return _no_growth(reason)
    units = {_key(group, n, m): replicas(n, m, _seed(group, seed)) for n, m in set(sizes.values())}
    maps = {
        (axis.tensor, axis.axis): AxisMap(
            axis.axis, _key(group, *sizes[axis.tensor, axis.axis]), divides=axis.role == "takes"
        )
        for axis in group.axes
    }
    return Growth(maps, units)


def replicas(n: int, m: int, seed: int) -> tuple[int, ...]:
    """The map g from m units to n."""
    if m % n == 0:
        return tuple(j // (m // n) for j in range(m))
    drawn = np.random.default_rng(seed).integers(n, size=m - n)
    return (*range(n), *map(int, drawn))


def growths(
    changed: Iterable[tuple[str, int]],
    anatomy: Anatomy,
    before: Mapping[str, Shape],
    after: Mapping[str, Shape],
    seed: int,
) -> dict[tuple[str, int], Growth]:
    """For each changed axis of the parent's tensors what becomes of it; axes of one group share their answer."""
    groups = {(axis.tensor, axis.axis): group for group in anatomy.groups for axis in group.axes}
    answers: dict[int, Growth] = {}
    found = {}
    for place in changed:
        group = groups.get(place)
        if group is None:
            found[place] = _no_growth("its units were not followed")
            continue
        if id(group) not in answers:
            answers[id(group)] = growth_of(group, before, after, seed)
        found[place] = answers[id(group)]
    return found


def _unequal(sizes: Mapping[tuple[str, int], tuple[int, int]], *, uniform: bool) -> str:
    """Why the axes of one group can't grow together."""
    for (tensor, _), (n, m) in sizes.items():
        if m <= n:
            return f"{tensor} does not grow with the others" if m == n else "they become fewer"
    if not uniform and len(set(sizes.values())) > 1:
        return "its axes grow differently"
    if uniform and (len({m / n for n, m in sizes.values()}) > 1 or any(m % n for n, m in sizes.values())):
        return "they are averaged over or halved, which only a whole factor keeps"
    return ""


def _key(group: UnitGroup, n: int, m: int) -> str:
    first = group.axes[0]
    return f"{first.tensor}:{first.axis}:{n}>{m}"


def _seed(group: UnitGroup, seed: int) -> int:
    return crc32(f"{seed} {group.axes[0].tensor} {group.axes[0].axis}".encode())


def _no_growth(reason: str) -> Growth:
    return Growth({}, {}, reason)
