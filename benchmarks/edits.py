"""How many random edits give what was intended: `python -m benchmarks.edits --rootstock MODEL --library LIB --n N`.

Every edit is drawn uniformly (operator, site, option), printed, rebuilt in the sandbox and compared with the intended
tree; one batch is run forward and backward. Nothing is trained.
"""

import argparse
import json
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.paths import cache_folder
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.show_tree import parsed_shape, traced_model
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.offers import TreeOffers

BATCH = 5
NO_CAP = 10**15


def main() -> None:
    """Print one table over all rootstocks, and write its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rootstock", action="append", required=True, metavar="MODEL[@SHAPE]")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--from", dest="sources", action="append", default=[])
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--edits-per-child", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with Library(arguments.library) as library:
        modules = {module.id: module for module in library.modules()}
    rows = []
    with LocalSandbox(preload=("archgraft.evaluator.trace",)) as sandbox:
        for text in arguments.rootstock:
            model, _, shape = text.partition("@")
            size = parsed_shape(shape) if shape else None
            rootstock = traced_model(model, size, arguments.sources, cache_folder(), sandbox, Limits())
            rows.append(measure(rootstock, modules, sandbox, arguments))
            show(rows[-1])
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


def measure(
    rootstock: Rootstock, modules: dict[str, LibraryModule], sandbox: LocalSandbox, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Draw, print, rebuild and compare `n` offspring of one rootstock."""
    shape = (BATCH, *rootstock.tree.nodes[rootstock.tree.root].input_shapes[0][1:])
    inputs = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    workshop = Workshop(
        sandbox, rootstock, lambda key: modules[key].spec, inputs, Limits(), CostCaps(NO_CAP, NO_CAP), arguments.seed
    )
    offered = {key: (module.spec.class_name, module.contract) for key, module in modules.items()}
    statuses: Counter[str] = Counter()
    operators: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    milliseconds: list[float] = []
    n_adapters: list[int] = []
    for index in range(arguments.n):
        tree = rootstock.tree
        for step in range(arguments.edits_per_child):
            generator = np.random.default_rng([arguments.seed, index, step])
            offers = TreeOffers(
                tree, offered, causal=False, max_parameters=NO_CAP, max_flops=NO_CAP, tried=lambda _: False
            )
            [option] = offers.draw_uniform(1, generator)
            started = time.perf_counter()
            verified = workshop.offspring(tree, option.edit)
            milliseconds.append(1000 * (time.perf_counter() - started))
            status = str(verified.status)
            statuses[status] += 1
            operators.setdefault(option.edit.operator, Counter())[status] += 1
            if option.edit.graft is not None:
                n_adapters.append(option.edit.graft.n_adapters)
            if verified.tree is None:
                reasons[f"{option.label}: {verified.reason}"] += 1
                break
            rungs[verified.rung] += 1
            tree = verified.tree
    n = sum(statuses.values())
    return {
        "rootstock": rootstock.reference,
        "attempted": n,
        "valid_first_draw": statuses["ok"],
        "valid_share": statuses["ok"] / n,
        "no_adapter_share": sum(not count for count in n_adapters) / max(len(n_adapters), 1),
        "ms_p50": statistics.median(milliseconds),
        "ms_p90": statistics.quantiles(milliseconds, n=10)[-1] if n > 1 else milliseconds[0],
        "rungs": dict(rungs),
        "by_operator": {name: dict(count) for name, count in operators.items()},
        "failures": dict(reasons),
    }


def show(row: dict[str, Any]) -> None:
    """One rootstock's figures."""
    print(f"{row['rootstock']}: {row['valid_first_draw']} of {row['attempted']} valid, p50 {row['ms_p50']:.0f} ms")
    for operator, counts in sorted(row["by_operator"].items()):
        print(f"  {operator:<16} {counts}")
    for reason, count in row["failures"].items():
        print(f"  {count} x {reason}")


if __name__ == "__main__":
    main()
