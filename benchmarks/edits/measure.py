"""Draws edits of one host, prints, rebuilds and compares them, and counts what came of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.evaluator.verify import Verified, trace
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.edits import Option
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.offering.crossover import Giver
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.sites import closed_because
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.planting import batch, offers_on, planted, shelf_of, workshop_of
from benchmarks.edits.stages import STAGES, Stopwatch, TimedSandbox, timed
from benchmarks.edits.suites import Host

MAX_DRAWS = 3
_OTHER_BATCH = 3
_DRAWS_PER_GROUP = 16


@dataclass(slots=True)
class Figures:
    """Counts of one host. A `child` is an offspring with all its edits; `attempted` counts children."""

    rootstock: str
    n_lines: int
    n_nodes: int
    predicted_refusals: dict[str, int]
    """Nodes that no edit is offered for, by the reason."""
    attempted: int = 0
    valid_first_draw: int = 0
    valid_within_3: int = 0
    emission_exact: int = 0
    """First draws whose print rebuilt to the intended tree, whether or not they then ran and learned."""
    invalid_reached_evaluator: int = 0
    """Children that were accepted although a second look, on another batch, finds fault with them."""
    n_grafts: int = 0
    n_grafts_without_adapter: int = 0
    inherited_shares: list[float] = field(default_factory=list)
    """Of each edit accepted on its first draw: the share of its parent's numbers that the child begins with."""
    by_operator: dict[str, dict[str, int]] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    wall_ms: list[float] = field(default_factory=list)
    """Of each child that was accepted on its first draw: from the draw to the verdict, all its edits."""
    cpu_ms: list[float] = field(default_factory=list)
    stages_wall_ms: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})
    stages_cpu_ms: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})


@dataclass(slots=True)
class Bench:
    """What all hosts share."""

    sandbox: Sandbox
    modules: Mapping[str, LibraryModule]
    cache: Path
    seed: int
    n: int
    edits_per_child: int

    def measure(self, host: Host, *, every_node: bool) -> Figures:
        """Random children, or each operator once at every open node. Raises `SourceError` for a host that can't be."""
        return _Measuring(self, host).run(every_node=every_node)


class _Measuring:
    def __init__(self, bench: Bench, host: Host) -> None:
        self.bench = bench
        self.host = host
        self.watch = Stopwatch()
        self.inputs, self.rootstock = planted(host, bench.sandbox, bench.cache)
        tree = self.rootstock.tree
        closed = Counter(_refusal(tree))
        self.figures = Figures(host.reference, tree.source.count("\n"), len(tree.nodes), dict(closed))
        sandbox = TimedSandbox(bench.sandbox, self.watch)
        self.workshop = workshop_of(sandbox, self.rootstock, bench.modules, self.inputs, bench.seed)
        self._shelf = shelf_of(bench.modules, causal=host.causal)
        self._donors = [Giver(tree)]  # crossover with a relative: subtrees of the rootstock in another place
        self._offers = self._offers_on(tree)

    def run(self, *, every_node: bool) -> Figures:
        with timed(self.watch):
            if every_node:
                generator = np.random.default_rng(self.bench.seed)
                options = list(options_everywhere(self._offers, generator))
                for index in sorted(generator.permutation(len(options))[: self.bench.n or None]):
                    self._single(options[index])
            else:
                for index in range(self.bench.n):
                    self._child(index)
        return self.figures

    def _offers_on(self, tree: Tree) -> TreeOffers:
        return offers_on(tree, self._shelf, causal=self.host.causal, donors=self._donors)

    def _single(self, option: Option) -> None:
        """One edit of the rootstock, drawn already."""
        self.watch.clear()
        verified = self._carry_out(self.rootstock.tree, option)
        self._count_child([verified], n_draws=1)

    def _child(self, index: int) -> None:
        """A child of several edits in turn; each that fails is drawn anew, twice at most."""
        self.watch.clear()
        tree, offers = self.rootstock.tree, self._offers
        first: list[Verified] = []
        most_draws = 1
        for step in range(self.bench.edits_per_child):
            generator = np.random.default_rng([self.bench.seed, index, step])
            for draw in range(1, MAX_DRAWS + 1):
                with self.watch.stage("offer"):
                    offers = offers if tree is self.rootstock.tree else self._offers_on(tree)
                    [option] = offers.draw_uniform(1, generator)
                verified = self._carry_out(tree, option, count=draw == 1)
                first += [verified] if draw == 1 else []
                most_draws = max(most_draws, draw)
                if verified.tree is not None:
                    break
            if verified.tree is None:
                most_draws = MAX_DRAWS + 1
                break
            tree = verified.tree
        self._count_child(first, most_draws, tree)

    def _carry_out(self, tree: Tree, option: Option, *, count: bool = True) -> Verified:
        with self.watch.stage("print"):  # what is neither assembling, running nor comparing
            verified = self.workshop.offspring(tree, option.edit)
        if count:
            outcomes = self.figures.by_operator.setdefault(option.edit.operator, {})
            outcomes[str(verified.status)] = outcomes.get(str(verified.status), 0) + 1
            if option.edit.graft is not None:
                self.figures.n_grafts += 1
                self.figures.n_grafts_without_adapter += not option.edit.graft.n_adapters
        if count and verified.tree is not None:
            lineage = inheritance(tree, verified.tree, option.edit)
            self.figures.inherited_shares.append(lineage.inherited_share)
        if verified.tree is None:
            reason = f"{option.label}: {verified.reason}"
            self.figures.by_reason[reason] = self.figures.by_reason.get(reason, 0) + 1
        return verified

    def _count_child(self, first: list[Verified], n_draws: int, tree: Tree | None = None) -> None:
        figures = self.figures
        is_valid = all(one.tree is not None for one in first)
        figures.attempted += 1
        figures.valid_first_draw += is_valid
        figures.valid_within_3 += n_draws <= MAX_DRAWS and (is_valid or n_draws > 1)
        figures.emission_exact += all(one.is_exact for one in first)
        if is_valid:
            figures.wall_ms.append(sum(self.watch.wall.values()))
            figures.cpu_ms.append(sum(self.watch.cpu.values()))
            for stage in STAGES:
                figures.stages_wall_ms[stage].append(self.watch.wall[stage])
                figures.stages_cpu_ms[stage].append(self.watch.cpu[stage])
        accepted = tree if tree is not None and tree is not self.rootstock.tree else first[-1].tree
        if accepted is not None:
            figures.invalid_reached_evaluator += not self._holds_up(accepted)

    def _holds_up(self, tree: Tree) -> bool:
        """Whether an accepted child also builds, runs and learns from another seed, on a batch of another size."""
        inputs = batch(self.host, _OTHER_BATCH, tuple(self.inputs.shape[1:]), seed=1)
        found = trace(self.bench.sandbox, tree.source, tree.construct, inputs, self.bench.seed + 1, Limits()).header
        if found is None or found["faults"] or len(found["unreached"]) > self.rootstock.n_unreached:
            return False
        built = [(node["path"], node["definition"]) for node in found["nodes"]]
        return tuple(found["output_shape"]) == (_OTHER_BATCH, *self.rootstock.output_shape) and built == [
            (node.path, node.definition) for node in tree
        ]


def options_everywhere(offers: TreeOffers, generator: np.random.Generator) -> Iterator[Option]:
    """One option of every operator at every node that has any."""
    found: dict[tuple[str, str], Option] = {}
    for operator in offers.operators():
        for band in offers.depth_bands(operator):
            for family in offers.families(operator, band):
                for option in offers.draw(operator, band, family, _DRAWS_PER_GROUP, generator):
                    found.setdefault((option.edit.operator, option.edit.nid), option)
    yield from found.values()


def _refusal(tree: Tree) -> Iterator[str]:
    for node in tree:
        reason = closed_because(tree, node)
        if reason and node.nid != tree.root:
            yield "others read its attributes" if reason.startswith("others read") else reason


def as_json(figures: Figures) -> dict[str, Any]:
    """The figures of one host as the benchmark writes them."""
    attempted, shares = max(figures.attempted, 1), figures.inherited_shares
    return {
        "rootstock": figures.rootstock,
        "n_lines": figures.n_lines,
        "n_nodes": figures.n_nodes,
        "attempted": figures.attempted,
        "valid_first_draw": figures.valid_first_draw,
        "valid_within_3": figures.valid_within_3,
        "emission_exact": figures.emission_exact,
        "predicted_refusals": figures.predicted_refusals,
        "invalid_reached_evaluator": figures.invalid_reached_evaluator,
        "no_adapter_share": figures.n_grafts_without_adapter / figures.n_grafts if figures.n_grafts else None,
        "inherited_share": float(np.mean(shares)) if shares else None,
        "ms_p50": quantile(figures.wall_ms, 0.5),
        "ms_p90": quantile(figures.wall_ms, 0.9),
        "cpu_ms_p50": quantile(figures.cpu_ms, 0.5),
        "cpu_ms_p90": quantile(figures.cpu_ms, 0.9),
        "ms_by_stage": {stage: quantile(values, 0.5) for stage, values in figures.stages_wall_ms.items()},
        "cpu_ms_by_stage": {stage: quantile(values, 0.5) for stage, values in figures.stages_cpu_ms.items()},
        "valid_share": figures.valid_first_draw / attempted,
        "by_operator": figures.by_operator,
        "by_reason": figures.by_reason,
    }


def quantile(values: list[float], share: float) -> float | None:
    """The value below which a share of all values lies; None of none."""
    return float(np.quantile(values, share)) if values else None


def together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts over all hosts; the times are medians over the hosts' own."""
    total: dict[str, Any] = {"rootstock": f"all {len(rows)} hosts"}
    counted = ("attempted", "valid_first_draw", "valid_within_3", "emission_exact", "invalid_reached_evaluator")
    for key in counted:
        total[key] = sum(row[key] for row in rows)
    for key in ("ms_p50", "ms_p90", "cpu_ms_p50", "cpu_ms_p90"):
        total[key] = quantile([row[key] for row in rows if row[key] is not None], 0.5)
    by_operator: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for operator, outcomes in row["by_operator"].items():
            by_operator[operator].update(outcomes)
    return total | {"by_operator": {name: dict(outcomes) for name, outcomes in by_operator.items()}}
