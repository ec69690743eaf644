"""All edits that are possible on one tree, grouped for a planner and drawn lazily.

A group is (operator, depth band, family). Within a group a draw takes a site first and a module second, both uniform,
so that neither a long stage nor a populous package crowds out the rest.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.tree_ops.argument_changes import ArgumentChange, changes_for
from archgraft.tree_ops.builder import ORIGIN_MARK
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.edits import OPERATORS, Edit, Graft, Operator, Option
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.sites import Signature, Site, sites
from archgraft.tree_ops.tree import Node, Tree

Modules = Mapping[str, tuple[str, Contract]]
"""The library as offers need it: module id -> (class name, contract)."""

_TRIVIAL = frozenset({"torch.nn.Identity", "torch.nn.Dropout"})
_ADAPTER_PENALTY = 0.7
_ROOT_BAND = 1
_ROOT_SIGNATURE = Signature("vector", 0, 0, (), (), False)  # the root is never grafted, so its tensors don't matter
_DRAWS_PER_OPTION = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and FLOPs of one sample."""

    parameters: int
    flops: int


class TreeOffers:
    """The offers on one tree. `tried` tells whether an edit of this tree has been proposed before."""

    def __init__(
        self,
        tree: Tree,
        modules: Modules,
        *,
        causal: bool,
        max_parameters: int,
        max_flops: int,
        tried: Callable[[Edit], bool],
    ) -> None:
        self._tree = tree
        self._modules = modules
        self._causal = causal
        self._room = Cost(max_parameters - tree.n_parameters, max_flops - tree.flops)
        self._tried = tried
        self._images = any(len(shape) == 4 for shape in tree.nodes[tree.root].input_shapes)
        self._fits: dict[tuple[Signature, bool], dict[str, list[Graft]]] = {}
        self._changes: dict[str, list[ArgumentChange]] = {}
        self._groups = self._group()

    def operators(self) -> Sequence[Operator]:
        """The operators that have at least one option here."""
        return [operator for operator in OPERATORS if any(key[0] == operator for key in self._groups)]

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        """The depth bands in which the operator has an option."""
        return sorted({band for kind, band, _ in self._groups if kind == operator})

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        """The families that the operator has an option for in that band."""
        return sorted(family for kind, band, family in self._groups if (kind, band) == (operator, depth_band))

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """At most `n` different untried options of one group."""
        members = self._groups[operator, depth_band, family]
        return self._collect(n, generator, lambda: (members[generator.integers(len(members))], operator, family))

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` different untried options: operator uniform, then site, then option. The control arm's draw."""
        by_operator: dict[Operator, dict[str, list[tuple[Site, str]]]] = defaultdict(lambda: defaultdict(list))
        for (operator, _, family), members in self._groups.items():
            for site in members:
                by_operator[operator][site.node.nid].append((site, family))
        if not by_operator:
            return ()
        kinds = sorted(by_operator)

        def pick() -> tuple[Site, Operator, str]:
            operator = kinds[generator.integers(len(kinds))]
            nids = sorted(by_operator[operator])
            choices = by_operator[operator][nids[generator.integers(len(nids))]]
            weights = np.array([self._n_options(site, operator, family) for site, family in choices], dtype=float)
            site, family = choices[generator.choice(len(choices), p=weights / weights.sum())]
            return site, operator, family

        return self._collect(n, generator, pick)

    def _collect(
        self, n: int, generator: np.random.Generator, pick: Callable[[], tuple[Site, Operator, str]]
    ) -> tuple[Option, ...]:
        """Distinct untried options. Groups may hold fewer than `n`, so the number of draws is bounded."""
        options: dict[str, Option] = {}
        for _ in range(_DRAWS_PER_OPTION * n):
            if len(options) == n:
                break
            option = self._option(*pick(), generator)
            if not self._tried(option.edit):
                options.setdefault(repr(option.edit), option)
        return tuple(options.values())

    def _group(self) -> dict[tuple[Operator, int, str], list[Site]]:
        groups: dict[tuple[Operator, int, str], list[Site]] = defaultdict(list)
        for site in sites(self._tree):
            node, band = site.node, site.depth_band
            if node.definition not in _TRIVIAL:
                for family in self._grafts(site, inserted=False):
                    groups["swap", band, family].append(site)
                if self._deletable(site):
                    groups["delete", band, node.class_name].append(site)
            for family in self._grafts(site, inserted=True):
                groups["insert", band, family].append(site)
        self._group_changes(groups)
        return dict(groups)

    def _group_changes(self, groups: dict[tuple[Operator, int, str], list[Site]]) -> None:
        """Argument changes need no tensor contract, so the root can take them too."""
        root = self._tree.nodes[self._tree.root]
        fitted = has_fitted_parts(self._tree)
        open_sites = [Site(root, _ROOT_SIGNATURE, _ROOT_BAND), *sites(self._tree)]
        for site in open_sites:
            for change in changes_for(self._tree, site.node):
                if (change.reshapes and fitted) or not self._affordable(self._cost_of(site.node, change)):
                    continue
                key = f"{site.node.nid}:{change.name}"
                if key not in self._changes:
                    self._changes[key] = []
                    groups["change_argument", site.depth_band, change.name].append(site)
                self._changes[key].append(change)

    def _cost_of(self, node: Node, change: ArgumentChange) -> Cost:
        """What an argument change adds, by its factor."""
        more = change.cost_factor - 1
        return Cost(int(more * node.n_parameters), int(more * node.flops / self._tree.batch))

    def _affordable(self, cost: Cost) -> bool:
        return cost.parameters <= self._room.parameters and cost.flops <= self._room.flops

    def _grafts(self, site: Site, *, inserted: bool) -> dict[str, list[Graft]]:
        """Every module that fits, by family; shared by all sites of one signature."""
        key = (site.signature, inserted)
        if key not in self._fits:
            found: dict[str, list[Graft]] = defaultdict(list)
            for module_id, (_, contract) in self._modules.items():
                graft = fit(
                    module_id,
                    contract,
                    site.signature,
                    images=self._images,
                    causal=self._causal,
                    keeps_shape=inserted,
                )
                if graft is not None and self._affordable(graft_cost(contract, graft, site.signature)):
                    found[contract.family].append(graft)
            self._fits[key] = dict(found)
        return self._fits[key]

    def _deletable(self, site: Site) -> bool:
        signature = site.signature
        return signature.in_width == signature.out_width and signature.in_positions == signature.out_positions

    def _n_options(self, site: Site, operator: Operator, family: str) -> int:
        match operator:
            case "swap" | "insert":
                return len(self._grafts(site, inserted=operator == "insert")[family])
            case "delete":
                return 1
            case "change_argument":
                return len(self._changes[f"{site.node.nid}:{family}"])
            case _:
                raise ValueError(f"{operator} is not offered")

    def _option(self, site: Site, operator: Operator, family: str, generator: np.random.Generator) -> Option:
        node = site.node
        match operator:
            case "swap" | "insert":
                grafts = self._grafts(site, inserted=operator == "insert")[family]
                graft = grafts[generator.integers(len(grafts))]
                return self._graft_option(site, operator, family, graft)
            case "delete":
                return Option(
                    edit=Edit("delete", node.nid, node.path),
                    label=f"delete {_where(node)}",
                    depth_band=site.depth_band,
                    family=family,
                    prior=1.0,
                    parameter_change=-node.n_parameters,
                )
            case "change_argument":
                choices = self._changes[f"{node.nid}:{family}"]
                change = choices[generator.integers(len(choices))]
                told = ", ".join(f"{name}={value}" for name, value in change.changes)
                return Option(
                    edit=Edit("change_argument", node.nid, node.path, changes=change.changes),
                    label=f"change {_where(node)}: {told}",
                    depth_band=site.depth_band,
                    family=family,
                    prior=1.0,
                    parameter_change=self._cost_of(node, change).parameters,
                )
            case _:
                raise ValueError(f"{operator} is not offered")

    def _graft_option(self, site: Site, operator: Operator, family: str, graft: Graft) -> Option:
        class_name, contract = self._modules[graft.module_id]
        node = site.node
        cost = graft_cost(contract, graft, site.signature).parameters
        removed = node.n_parameters if operator == "swap" else 0
        # Without experience, a graft about as large as what it replaces is the likeliest to help at equal cost.
        balance = math.exp(-abs(math.log((cost + 64) / (node.n_parameters + 64))) / 2)
        verb = "replace" if operator == "swap" else "add behind"
        return Option(
            edit=Edit(operator, node.nid, node.path, graft, promise="exact" if operator == "insert" else "changing"),
            label=f"{verb} {_where(node)}: {class_name} ({contract.family}, about {cost:,} parameters, "
            f"{graft.n_adapters} adapters)",
            depth_band=site.depth_band,
            family=family,
            prior=balance * _ADAPTER_PENALTY**graft.n_adapters,
            parameter_change=cost - removed,
        )


def graft_cost(contract: Contract, graft: Graft, site: Signature) -> Cost:
    """Parameters and FLOPs of a graft at the site's widths and positions, scaled from those of its probe.

    Parameters are quadratic in width, with linear parts that tell at small widths. FLOPs are that, times positions;
    what attends to all positions is quadratic in them too, so there the square is taken: rather too much than a
    candidate over the caps. The same goes for the parameters of what is built for a number of positions.
    """
    ratio = max(site.in_width, site.out_width) / max(contract.probe_widths)
    width_factor = ratio**2 if ratio > 1 else (ratio**2 + ratio) / 2
    position_ratio = math.prod(site.in_positions) / math.prod(contract.probe_positions)
    if contract.family == "attention" or contract.is_sized:
        position_ratio = max(position_ratio, position_ratio**2)
    parameters = contract.n_parameters * width_factor * (max(1.0, position_ratio) if contract.is_sized else 1)
    flops = contract.flops * width_factor * position_ratio
    for adapter in (*graft.before, *graft.after):
        if adapter.name in ("nn.Conv2d", "nn.Conv1d", "nn.Linear"):
            parameters += site.in_width * site.out_width
            flops += 2 * site.in_width * site.out_width * math.prod(site.in_positions)
    return Cost(int(parameters), int(flops))


def has_fitted_parts(tree: Tree) -> bool:
    """Whether parts of the source were made for widths or slots as they are now: overrides and mined grafts."""
    return "set_submodule(" in tree.source or ORIGIN_MARK in tree.source


def _where(node: Node) -> str:
    return f"{node.path or 'the model'} ({node.class_name})"
