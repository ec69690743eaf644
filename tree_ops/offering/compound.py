"""Offers to scale a model as a whole: one block more or fewer in every stage, inner widths of all blocks of a kind.

Source: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (arXiv 1905.11946),
section 3.2: depth and width as the dimensions that a model is scaled by.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from archgraft.tree_ops.argument_changes import ArgumentChange, is_inner_width
from archgraft.tree_ops.edits import Edit, Option, combine
from archgraft.tree_ops.offering.duplicate import is_duplicable
from archgraft.tree_ops.offering.grafting import keeps_shape
from archgraft.tree_ops.offering.ground import Ground, Reach
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.promises import promise_of
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import Signature, Site
from archgraft.tree_ops.tree import Node
from archgraft.tree_ops.tree_paths import within

Changed = Mapping[str, ArgumentChange]
"""By nid."""
_BAND = 1
"""What touches the whole depth counts as the middle."""


def offers(ground: Ground) -> Iterator[Offer]:
    """Deeper and shallower where blocks repeat in two stages or more; wider and narrower for each kind of block."""
    stages = list(_stages(ground))
    if len(stages) > 1:
        deeper = [stage[-1] for stage in stages if is_duplicable(ground, stage[-1])]
        deeper = [site for site in deeper if ground.is_rebuildable(site.node)]
        if len(deeper) > 1 and ground.affordable(_total([ground.cost(site.node) for site in deeper])):
            yield Offer("compound", deeper[0].node.nid, _BAND, "deeper", 1, partial(_deeper, ground, deeper))
        shallower = [stage[-1] for stage in stages]
        yield Offer("compound", shallower[0].node.nid, _BAND, "shallower", 1, partial(_shallower, ground, shallower))
    for (kind, name, family), changed in _widths(ground).items():
        if len(changed) > 1:
            [first, *_] = changed
            draw = partial(_wider, ground, kind, name, family, changed)
            yield Offer("compound", first, _BAND, family, 1, draw)


def _stages(ground: Ground) -> Iterator[Sequence[Site]]:
    """Runs of two blocks or more of one class and shape beside each other, none inside another stage's blocks."""
    beside: dict[tuple[str, str, Signature], list[Site]] = defaultdict(list)
    for site in ground.sites:
        container, _, slot = site.node.path.rpartition(".")
        is_block = bool(site.node.children) and site.node.definition != "torch.nn.Sequential"
        if slot.isdigit() and is_block and keeps_shape(site.signature):
            beside[container, site.node.definition, site.signature.plain].append(site)
    found = [stage for stage in beside.values() if len(stage) > 1]
    for stage in found:
        if not any(
            within(stage[0].node.path, site.node.path) for other in found if other is not stage for site in other
        ):
            yield stage


def _total(costs: Sequence[Cost]) -> Cost:
    return Cost(sum(cost.parameters for cost in costs), sum(cost.flops for cost in costs))


def _option(ground: Ground, steps: Sequence[Edit], label: str, family: str, cost: Cost) -> Option:
    edit = combine(steps)
    promised = replace(edit, promise=promise_of(ground.tree, edit))
    return Option(promised, label, _BAND, family, 1.0, cost.parameters)


def _deeper(ground: Ground, last: Sequence[Site], _generator: np.random.Generator) -> Option:
    steps = [Reach("instance", (site.node,)).edit("duplicate") for site in last]
    cost = _total([ground.cost(site.node) for site in last])
    return _option(
        ground, steps, f"deepen: one more block in each of {len(last)} stages ({_paths(last)})", "deeper", cost
    )


def _shallower(ground: Ground, last: Sequence[Site], _generator: np.random.Generator) -> Option:
    steps = [Reach("instance", (site.node,)).edit("delete") for site in last]
    costs = [ground.cost(site.node) for site in last]
    label = f"make shallower: one block fewer in each of {len(last)} stages ({_paths(last)})"
    return _option(ground, steps, label, "shallower", Cost(-sum(cost.parameters for cost in costs), 0))


def _paths(last: Sequence[Site]) -> str:
    return ", ".join(site.node.path for site in last)


def _widths(ground: Ground) -> Mapping[tuple[str, str, str], Changed]:
    """For each class and argument, and up or down: the change of every node of that class."""
    found: dict[tuple[str, str, str], dict[str, ArgumentChange]] = defaultdict(dict)
    for site in ground.sites:
        node = site.node
        for change in ground.changes(node) if ground.is_rebuildable(node) else ():
            if is_inner_width(change.name) and change.cost_factor != 1:
                family = "wider" if change.cost_factor > 1 else "narrower"
                chosen = found[node.class_name, change.name, family]
                nearest = chosen.get(node.nid, change)
                chosen[node.nid] = min(nearest, change, key=lambda one: abs(one.cost_factor - 1))
    return found


def _wider(
    ground: Ground,
    kind: str,
    name: str,
    family: str,
    changed: Changed,
    _generator: np.random.Generator,
) -> Option | None:
    cost = _total([ground.change_cost(ground.tree.nodes[nid], change) for nid, change in changed.items()])
    if not ground.affordable(cost):
        return None
    alike: dict[tuple[tuple[str, str], ...], list[Node]] = defaultdict(list)
    for nid, change in changed.items():
        alike[change.changes].append(ground.tree.nodes[nid])
    steps = [Reach("stage", tuple(nodes)).edit("change_argument", changes=changes) for changes, nodes in alike.items()]
    label = f"make all {len(changed)} {kind} {family}: {name} {', '.join(dict(changes)[name] for changes in alike)}"
    return _option(ground, steps, label, family, cost)
