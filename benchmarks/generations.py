"""Ten generations of random edits, each of the one before: does the emitted file stay readable?

Each generation draws an edit uniformly (operator, site, option) until one gives what was intended. The same edits are
printed a second time without folding, and both files must build the same model. The promise: a file has at most 3 times
the lines of its rootstock and the mined modules in it.

Run: python -m benchmarks.generations --library LIB --out FOLDER --json FILE
"""

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from archgraft.agent.paths import cache_folder
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.overrides import Override
from archgraft.tree_ops.shelf import Shelf
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.planting import LibraryModules, modules_in, offers_on, planted, shelf_of, workshop_of
from benchmarks.edits.suites import Host

EXAMPLES = Path(__file__).parent.parent / "examples"
HOSTS = {
    "resnet20": Host(f"{EXAMPLES}/resnet.py:ResNet(in_channels=3, width=16, blocks=3)", (3, 32, 32)),
    "vit": Host(
        f"{EXAMPLES}/vit.py:ViT(in_channels=3, image_size=32, patch_size=8, dim=64, depth=4, heads=4)",
        (3, 32, 32),
    ),
}
MAX_DRAWS = 10
MAX_GROWTH = 4
"""Times the rootstock's parameters and FLOPs, so that ten generations stay small enough to be run."""


def main() -> None:
    """Print a table, and write the files and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the emitted files")
    parser.add_argument("--host", action="append", choices=HOSTS, help="all by default")
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--seed", action="append", type=int, help="0 by default")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    modules = modules_in(arguments.library)
    rows: list[dict[str, Any]] = []
    with LocalSandbox(preload=("archgraft.evaluator.trace",)) as sandbox:
        for host in arguments.host or HOSTS:
            for seed in arguments.seed or [0]:
                folder = arguments.out / f"{host}-{seed}"
                folder.mkdir(parents=True, exist_ok=True)
                rows += generations(host, seed, arguments.generations, modules, sandbox, folder)
    Console(width=160).print(as_table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def generations(
    host: str, seed: int, n: int, modules: LibraryModules, sandbox: Sandbox, folder: Path
) -> Iterator[dict[str, Any]]:
    """One row for each generation; the file of each is left in the folder."""
    inputs, rootstock = planted(HOSTS[host], sandbox, cache_folder())
    tree = rootstock.tree
    unfolded: Tree | None = tree
    caps = CostCaps(MAX_GROWTH * tree.n_parameters, MAX_GROWTH * tree.flops)
    workshop, shelf = workshop_of(sandbox, rootstock, modules, inputs, seed, caps), shelf_of(modules)
    generator = np.random.default_rng(seed)
    (folder / "generation-00.py").write_text(tree.source, encoding="utf-8")
    for generation in range(1, n + 1):
        started = time.perf_counter()
        label, edit, child, n_draws = _offspring(tree, shelf, workshop, generator)
        seconds = time.perf_counter() - started
        with without_folding():
            again = workshop.offspring(unfolded, edit) if unfolded is not None else None
        unfolded = again.tree if again is not None else None
        tree = child
        (folder / f"generation-{generation:02}.py").write_text(tree.source, encoding="utf-8")
        yield {
            "host": host,
            "seed": seed,
            "generation": generation,
            "edit": label,
            "operator": edit.operator,
            "n_draws": n_draws,
            **lines_of(tree, rootstock, modules),
            "n_lines_unfolded": _n_lines(unfolded.source) if unfolded is not None else None,
            "same_hash_unfolded": tree_hash(tree) == tree_hash(unfolded) if unfolded is not None else None,
            "reason_unfolded": again.reason if again is not None else "",
            "n_overrides": n_overrides(tree.source),
            "n_overrides_unfolded": n_overrides(unfolded.source) if unfolded is not None else None,
            "longest_line": max(map(len, tree.source.splitlines())),
            "wall_seconds": seconds,
        }


def _offspring(
    tree: Tree,
    shelf: Shelf,
    workshop: Workshop,
    generator: np.random.Generator,
) -> tuple[str, Edit, Tree, int]:
    offers = offers_on(tree, shelf, caps=workshop.caps)
    for n_draws in range(1, MAX_DRAWS + 1):
        [option] = offers.draw_uniform(1, generator)
        verified = workshop.offspring(tree, option.edit)
        if verified.tree is not None:
            return option.label, option.edit, verified.tree, n_draws
        print(f"  not so: {option.label}: {verified.reason}")
    raise SystemExit(f"{MAX_DRAWS} draws in a row gave no offspring")


def lines_of(tree: Tree, rootstock: Rootstock, modules: LibraryModules) -> dict[str, Any]:
    """The file's lines against those of the rootstock and of the mined modules that are in it."""
    used = [module for key, module in modules.items() if f"module {key}." in tree.source]
    mined = sum(_n_lines(module.spec.source) for module in used)
    n_lines = _n_lines(tree.source)
    given = _n_lines(rootstock.tree.source) + mined
    return {"n_lines": n_lines, "n_lines_given": given, "n_modules": len(used), "ratio": n_lines / given}


def n_overrides(source: str) -> int:
    """Lines that set a module of the built model, those in loops once."""
    return len(
        re.findall(r"^ +(?:self|model)(?:\.\w+|\[\w+\])*(?:\.\w+\[\w+\])[\w.\[\]]* = |set_submodule\(", source, re.M)
    )


@contextmanager
def without_folding() -> Iterator[None]:
    """Overrides are only added, each on its own line."""

    def added(lines: list[Override], new: Sequence[Override], _variable: str) -> list[Override]:
        kept = list(lines)
        for line in new:
            inner = [place for place, old in enumerate(kept) if line.is_rebuilt and old.path.startswith(line.path)]
            kept.insert(min(inner, default=len(kept)), line)
        return kept

    with patch("archgraft.tree_ops.settling.fold", added), patch("archgraft.tree_ops.settling.rolled_up", list):
        yield


def as_table(rows: Sequence[dict[str, Any]]) -> Table:
    """All generations."""
    table = Table(title="Generations of random edits")
    for name in ("host", "generation", "operator", "lines", "ratio", "overrides", "unfolded", "same", "seconds"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            f"{row['host']}-{row['seed']}",
            str(row["generation"]),
            row["operator"],
            str(row["n_lines"]),
            f"{row['ratio']:.2f}",
            str(row["n_overrides"]),
            f"{row['n_lines_unfolded']} lines, {row['n_overrides_unfolded']} overrides",
            str(row["same_hash_unfolded"]),
            f"{row['wall_seconds']:.2f}",
        )
    return table


def _n_lines(source: str) -> int:
    return source.count("\n")


if __name__ == "__main__":
    main()
