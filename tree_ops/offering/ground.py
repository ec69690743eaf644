"""What all operators' offers on one tree go by: its open sites, how far an edit may reach, and what it may cost."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from archgraft.tree_ops.argument_changes import ArgumentChange, changes_for
from archgraft.tree_ops.builder import ORIGIN_MARK
from archgraft.tree_ops.edits import Edit, Operator, Option, Scope
from archgraft.tree_ops.overrides import has_overrides
from archgraft.tree_ops.promises import promise_of
from archgraft.tree_ops.rebuilding import call_of, is_overridden
from archgraft.tree_ops.shelf import Cost, Shelf
from archgraft.tree_ops.sites import Signature, Site, depth_bands, sites
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import within

TRIVIAL = frozenset({"torch.nn.Identity", "torch.nn.Dropout"})
_LAST_NUMBER = re.compile(r"(^|\.)\d+(?=(\.\D[^.]*)*$)")
_P_WIDER = 1 / 3
"""How often an option reaches beyond one instance, where it can."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The nodes that one edit is made at, the site's own first."""

    scope: Scope
    nodes: tuple[Node, ...]

    @property
    def where(self) -> str:
        """The nodes in words."""
        return _named(self.nodes[0], len(self.nodes))

    def only(self, nodes: Sequence[Node]) -> "Reach":
        """Some of the nodes, the site's own among them; the code that made all of them made others, too."""
        if len(nodes) == len(self.nodes):
            return self
        return Reach("stage" if len(nodes) > 1 else "instance", tuple(nodes))

    def edit(self, operator: Operator, **fields: Any) -> Edit:
        """An edit at these nodes."""
        first, *others = self.nodes
        further = tuple((node.nid, node.path) for node in others)
        return Edit(operator, first.nid, first.path, scope=self.scope, others=further, **fields)


class Ground:
    """One tree, looked at for edits. `room` is what an offspring may cost more than the tree."""

    def __init__(self, tree: Tree, shelf: Shelf, room: Cost) -> None:
        self.tree = tree
        self.shelf = shelf
        self.room = room
        self.images = any(len(shape) == 4 for shape in tree.nodes[tree.root].input_shapes)
        self.sites: Sequence[Site] = list(sites(tree))
        self.has_fitted_parts = ORIGIN_MARK in tree.source or has_overrides(tree)
        """Whether parts of the source were made for widths or slots as they are now: overrides and mined grafts."""
        self._by_family: dict[Signature, Mapping[str, Sequence[int]]] = {}
        self._changes: dict[str, tuple[ArgumentChange, ...]] = {}
        self._calls: dict[str, str | None] = {}

    @cached_property
    def bands(self) -> Mapping[str, int]:
        """The depth band of each node that is called."""
        return depth_bands(self.tree)

    @cached_property
    def site_at(self) -> Mapping[str, Site]:
        """The open sites by their node's id."""
        return {site.node.nid: site for site in self.sites}

    def where(self, edit: Edit) -> str:
        """The nodes of an edit in words."""
        return _named(self.tree.nodes[edit.nid], len(edit.places))

    def affordable(self, cost: Cost) -> bool:
        """Whether there is room for a growth."""
        return cost.parameters <= self.room.parameters and cost.flops <= self.room.flops

    def modules(self, signature: Signature) -> Mapping[str, Sequence[int]]:
        """The places on the shelf of all modules that fit and are affordable, by family."""
        if signature not in self._by_family:
            fitting = self.shelf.fitting(signature, images=self.images)
            can = (fitting.parameters <= self.room.parameters) & (fitting.flops <= self.room.flops)
            found: dict[str, list[int]] = defaultdict(list)
            for place in fitting.places[can].tolist():
                found[self.shelf.families[place]].append(place)
            self._by_family[signature] = dict(found)
        return self._by_family[signature]

    def changes(self, node: Node) -> tuple[ArgumentChange, ...]:
        """The changes of one node's arguments that there is room for, and that no fitted part below stands against."""
        if node.nid not in self._changes:
            made_alone = node.site is not None and node.site.n_instances == 1 and not is_overridden(self.tree, node)
            alone = made_alone or node.nid == self.tree.root
            self._changes[node.nid] = tuple(
                change
                for change in (changes_for(self.tree, node) if alone or self.is_rebuildable(node) else ())
                if not (change.reshapes and self.has_fitted_parts) and self.affordable(self.change_cost(node, change))
            )
        return self._changes[node.nid]

    def cost(self, node: Node) -> Cost:
        """What a node and all below it cost."""
        return Cost(node.n_parameters, node.flops // self.tree.batch)

    def change_cost(self, node: Node, change: ArgumentChange) -> Cost:
        """What an argument's change adds, by its factor."""
        more, own = change.cost_factor - 1, self.cost(node)
        return Cost(int(more * own.parameters), int(more * own.flops))

    def is_rebuildable(self, node: Node) -> bool:
        """Whether a call can be written that builds the node."""
        if node.nid not in self._calls:
            self._calls[node.nid] = call_of(self.tree, node)
        return self._calls[node.nid] is not None

    def reaches(self, site: Site) -> tuple[Reach, ...]:
        """How far an edit at a site may reach: the one instance, its stage, all that the same code made."""
        one = Reach("instance", (site.node,))
        found: tuple[tuple[Scope, Sequence[Node]], ...] = (
            ("site", self._made_with(site)),
            ("stage", self._stage_of(site)),
        )
        wider = [
            Reach(scope, (site.node, *(node for node in nodes if node is not site.node)))
            for scope, nodes in found
            if len(nodes) > 1
        ]
        if len(wider) == 2 and {node.nid for node in wider[0].nodes} == {node.nid for node in wider[1].nodes}:
            wider.pop()
        return (one, *wider)

    def reach(self, site: Site, generator: np.random.Generator, cost: Cost) -> Reach:
        """One reach, such that an edit of a cost per node stays affordable."""
        one, *wider = self.reaches(site)
        wider = [each for each in wider if self.affordable(cost.times(len(each.nodes)))]
        if not wider or generator.random() >= _P_WIDER:
            return one
        return wider[int(generator.integers(len(wider)))]

    def rebuildable(self, reach: Reach) -> Reach:
        """The reach without nodes that no call builds, such as those in which a part was set afterwards."""
        return reach.only([node for node in reach.nodes if self.is_rebuildable(node)])

    def option(self, site: Site, edit: Edit, label: str, family: str, cost: Cost, prior: float = 1.0) -> Option:
        """An edit as an option, with what it promises; `cost` is its growth at each node."""
        edit = replace(edit, promise=promise_of(self.tree, edit))
        return Option(edit, label, site.depth_band, family, prior, len(edit.places) * cost.parameters)

    def _made_with(self, site: Site) -> Sequence[Node]:
        """All that the site's code made, where each of them may be edited alike; none otherwise."""
        code = site.node.site
        alike = self._by_code.get((code, _called(site)), [])
        whole = code is not None and len(alike) == code.n_instances
        return self._together(site, alike) if whole else []

    def _stage_of(self, site: Site) -> Sequence[Node]:
        """The nodes in the same place of the blocks beside the site's."""
        alike = self._by_stage.get((_stage(site.node), site.node.definition, _called(site)), [])
        return self._together(site, alike)

    def _together(self, site: Site, alike: Sequence[Site]) -> Sequence[Node]:
        """The nodes of sites, where one edit suits all: a graft for what nobody overwrites is not for what is."""
        nodes = [other.node for other in alike]
        shielded = site.signature.overwritten or not any(other.signature.overwritten for other in alike)
        return nodes if shielded and _apart(nodes) else []

    @cached_property
    def _by_code(self) -> Mapping[tuple[object, Signature], list[Site]]:
        return _grouped(self.sites, lambda site: (site.node.site, _called(site)))

    @cached_property
    def _by_stage(self) -> Mapping[tuple[str, str, Signature], list[Site]]:
        return _grouped(self.sites, lambda site: (_stage(site.node), site.node.definition, _called(site)))


def _named(first: Node, n_nodes: int) -> str:
    name = f"{first.path or 'the model'} ({first.class_name})"
    return name if n_nodes == 1 else f"all {n_nodes} like {name}"


def _grouped(found: Sequence[Site], key: Callable[[Site], Any]) -> Mapping[Any, list[Site]]:
    groups: dict[Any, list[Site]] = defaultdict(list)
    for site in found:
        groups[key(site)].append(site)
    return groups


def _called(site: Site) -> Signature:
    """The signature without what follows the node."""
    return replace(site.signature, overwritten=False)


def _stage(node: Node) -> str:
    """The path without the number of the block that the node lies in."""
    return _LAST_NUMBER.sub(r"\1*", node.path)


def _apart(nodes: Sequence[Node]) -> bool:
    """Whether none of some nodes lies below another."""
    return not any(one is not other and within(one.path, other.path) for one in nodes for other in nodes)
