"""Whether edits that promise to keep the function keep it: `python -m benchmarks.weights --library LIB`.

For every host, all edits that `promise_of` calls exact are listed by kind, `--n` of each kind are drawn, printed,
rebuilt, given the parent's weights, and compared with the parent in eval and train mode, in float32 and float64,
gradients included. Other edits (swap, delete) are drawn too, for the share of elements that their children inherit.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from archgraft.agent.paths import cache_folder
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.dissecting import anatomy_of
from archgraft.evaluator.exactness import exactness
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.anatomy import Anatomy
from archgraft.tree_ops.argument_changes import changes_for, role_of
from archgraft.tree_ops.edits import Adapter, Edit, Form
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.new_parts import AFFINE
from archgraft.tree_ops.promises import promise_of
from archgraft.tree_ops.sites import Signature, Site, sites
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.measure import Bench
from benchmarks.edits.planting import modules_in, planted, workshop_of
from benchmarks.edits.suites import HOSTS, MODELS, TIMM, Host

EXAMPLES = Path(__file__).parents[1] / "examples"
WEIGHT_HOSTS = (
    Host("timm.models.resnet:resnet18()", (3, 64, 64), (TIMM,)),
    *HOSTS,
    Host(f"{MODELS}/unet.py:UNet()", (3, 32, 32)),
    Host(f"{EXAMPLES}/resnet.py:ResNet(blocks=2)", (1, 8, 8)),
    Host(f"{EXAMPLES}/vit.py:ViT()", (1, 8, 8)),
)
_POINTWISE: Mapping[str, tuple[str, str, str]] = {
    "map": ("nn.Conv2d", "in_channels", "out_channels"),
    "signal": ("nn.Conv1d", "in_channels", "out_channels"),
    "sequence": ("nn.Linear", "in_features", "out_features"),
    "map_last": ("nn.Linear", "in_features", "out_features"),
    "vector": ("nn.Linear", "in_features", "out_features"),
}
_MAX_DRAWS = 40
"""Modules that are tried at a site until one fits."""
_KINDS = {"count": "deepen", "width": "widen", "factor": "widen"}
"""Kinds of argument changes, by the role of the first argument changed."""


@dataclass(slots=True)
class Kind:
    """Figures of one kind of edit, over all hosts."""

    promised: int = 0
    """Edits that promise to be exact, all there are."""
    attempted: int = 0
    refused: int = 0
    """Not printed or not valid: no child, so nothing that could be inexact."""
    weakened: int = 0
    """The child turned out to be other than foreseen, and the promise was taken back before any weight moved."""
    exact: int = 0
    worst_float32: float = 0.0
    """Outputs, relative to the parent's largest."""
    worst_float64: float = 0.0
    worst_gradient_float64: float = 0.0
    inherited: list[float] = field(default_factory=list)
    handed_on: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measuring:
    """One host, and all that measuring an edit of it needs."""

    tree: Tree
    anatomy: Anatomy
    inputs: np.ndarray
    workshop: Workshop
    seed: int

    def measure(self, edit: Edit, kind: Kind) -> str:
        """Count one edit; why it is not exact, if it should be."""
        kind.attempted += 1
        verified = self.workshop.offspring(self.tree, edit)
        if verified.tree is None:
            kind.refused += 1
            return ""
        lineage = inheritance(self.tree, verified.tree, edit, self.anatomy, self.seed)
        kind.inherited.append(lineage.inherited_share)
        kind.handed_on.append(lineage.handed_on_share)
        if edit.promise != "exact":
            return ""
        if lineage.promise != "exact":
            kind.weakened += 1
            return f"weakened: {lineage.reasons[0]}"
        check = exactness(self.workshop.sandbox, self.tree, verified.tree, lineage, self.inputs, self.seed, Limits())
        kind.exact += check.holds
        kind.worst_float32 = max(kind.worst_float32, check.worst("float32", "outputs"))
        kind.worst_float64 = max(kind.worst_float64, check.worst("float64", "outputs"))
        gradients = [check.worst("float64", what) for what in ("input gradients", "parameter gradients")]
        kind.worst_gradient_float64 = max([kind.worst_gradient_float64, *gradients])
        return "" if check.holds else check.reason or f"differs: {check.differences}"


def edits_of(tree: Tree, modules: Mapping[str, LibraryModule], generator: np.random.Generator) -> Iterator[Edit]:
    """Every edit of each kind; of grafts, one that fits for each open site and form."""
    open_sites = list(sites(tree))
    for node in [tree.nodes[tree.root], *(site.node for site in open_sites)]:
        for change in changes_for(tree, node):
            yield Edit("change_argument", node.nid, node.path, changes=change.changes)
    for site in open_sites:
        node = site.node
        yield Edit("duplicate", node.nid, node.path)
        yield Edit("split", node.nid, node.path, form="average")
        if node.definition in AFFINE:
            yield Edit("split", node.nid, node.path, form="channels")
        yield Edit("delete", node.nid, node.path)
        yield from _grafts(tree, site, modules, generator)


def _grafts(
    tree: Tree, site: Site, modules: Mapping[str, LibraryModule], generator: np.random.Generator
) -> Iterator[Edit]:
    node, signature = site.node, site.signature
    images = any(len(shape) == 4 for shape in tree.nodes[tree.root].input_shapes)
    is_shape_kept = (signature.in_width, signature.in_positions) == (signature.out_width, signature.out_positions)
    for index in generator.permutation(len(modules))[:_MAX_DRAWS]:
        module_id = sorted(modules)[index]
        graft = fit(module_id, modules[module_id].contract, signature, images=images, causal=False)
        if graft is None:
            continue
        yield Edit("swap", node.nid, node.path, graft)
        if not is_shape_kept:
            return
        for form in ("after", "before"):
            yield Edit("insert", node.nid, node.path, graft, form=form)
        ending = replace(graft, after=(*graft.after, _pointwise(signature, 1)))
        forms: tuple[Form, ...] = ("parallel", "gate")
        for form in forms:
            yield Edit("wrap", node.nid, node.path, ending, form=form)
        yield Edit("wrap", node.nid, node.path, graft, form="concatenate", projection=_pointwise(signature, 2))
        return


def _pointwise(signature: Signature, n_inputs: int) -> Adapter:
    """A layer from so many of the site's widths to one."""
    name, taken, given = _POINTWISE[signature.layout]
    widths = ((taken, repr(n_inputs * signature.out_width)), (given, repr(signature.out_width)))
    return Adapter(name, (*widths, ("kernel_size", "1")) if "Conv" in name else widths)


def kind_of(edit: Edit) -> str:
    """The row of the table that an edit counts in."""
    if edit.operator != "change_argument":
        return f"{edit.operator} {edit.form}".strip()
    name = edit.changes[0][0]
    return _KINDS.get(role_of(name) or "", name)


def measure_host(bench: Bench, host: Host, kinds: dict[str, Kind], faults: dict[str, list[str]]) -> None:
    """Draw, carry out and compare the edits of one host."""
    inputs, rootstock = planted(host, bench.sandbox, bench.cache)
    tree = rootstock.tree
    anatomy = anatomy_of(bench.sandbox, tree, inputs, bench.seed, Limits())
    if anatomy.failure:
        print(f"{host.reference}: no anatomy: {anatomy.failure}", file=sys.stderr)
    workshop = workshop_of(bench.sandbox, rootstock, bench.modules, inputs, bench.seed)
    measuring = Measuring(tree, anatomy, inputs, workshop, bench.seed)
    generator = np.random.default_rng(bench.seed)
    found: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits_of(tree, bench.modules, generator):
        promise = promise_of(tree, edit, anatomy)
        if promise == "exact" or edit.operator in ("swap", "delete"):
            found[kind_of(edit)].append(replace(edit, promise=promise))
    for name, edits in sorted(found.items()):
        kind = kinds[name]
        kind.promised += sum(edit.promise == "exact" for edit in edits)
        for index in generator.permutation(len(edits))[: bench.n]:
            fault = measuring.measure(edits[index], kind)
            if fault:
                faults[name].append(f"{host.reference}, {edits[index].path}, {edits[index].changes}: {fault}")


def as_table(kinds: Mapping[str, Kind]) -> Table:
    """One row for each kind of edit."""
    table = Table(
        "edit", "promised", "attempted", "refused", "weakened", "exact", "outputs f32", "outputs f64", "gradients f64",
        "inherited", "handed on", title="edits that promise to keep the function; largest relative differences",
    )  # fmt: skip
    for name, kind in sorted(kinds.items()):
        n_checked = kind.attempted - kind.refused - kind.weakened
        differences = [kind.worst_float32, kind.worst_float64, kind.worst_gradient_float64]
        shares = [f"{mean(values):.1%}" if values else "-" for values in (kind.inherited, kind.handed_on)]
        is_promised = kind.promised > 0
        table.add_row(
            name,
            *map(str, (kind.promised, kind.attempted, kind.refused, kind.weakened)),
            f"{kind.exact} of {n_checked}" if is_promised else "-",
            *(f"{difference:.1e}" if is_promised else "-" for difference in differences),
            *shares,
        )
    return table


def as_json(kinds: Mapping[str, Kind], faults: Mapping[str, list[str]]) -> dict[str, Any]:
    """The figures, with shares as means."""
    return {
        name: {
            **asdict(kind),
            "inherited": mean(kind.inherited) if kind.inherited else None,
            "handed_on": mean(kind.handed_on) if kind.handed_on else None,
            "faults": faults.get(name, []),
        }
        for name, kind in kinds.items()
    }


def main() -> None:
    """Print the table; write the figures where --json says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weights", description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--n", type=int, default=3, help="edits of each kind, of each host")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--host", action="append", default=[], help="only hosts whose reference contains this")
    arguments = parser.parse_args()
    modules = modules_in(arguments.library)
    kinds: dict[str, Kind] = defaultdict(Kind)
    faults: dict[str, list[str]] = defaultdict(list)
    programs = ("trace", "dissect", "compare")
    with LocalSandbox(preload=tuple(f"archgraft.evaluator.{name}" for name in programs)) as sandbox:
        bench = Bench(sandbox, modules, cache_folder(), arguments.seed, arguments.n, 1)
        for host in WEIGHT_HOSTS:
            if arguments.host and not any(part in host.reference for part in arguments.host):
                continue
            try:
                measure_host(bench, host, kinds, faults)
            except SourceError as error:
                print(f"not measured: {error}", file=sys.stderr)
            if arguments.json:
                arguments.json.write_text(json.dumps(as_json(kinds, faults), indent=2), encoding="utf-8")
    Console(width=170).print(as_table(kinds))
    for name, lines in faults.items():
        for line in lines:
            print(f"{name}: {line}"[:400])


if __name__ == "__main__":
    main()
