"""Random edits brought back into the files they began from: `python -m benchmarks.export_patch --library LIB --n N`.

For each model, `--n` options of each operator are drawn, each is carried out as a search would, and applied to the
model's own file. Printed by operator: edits made in place, edits that became a file which imports the rest from the
user's module, and edits that became a file with the whole model, with the reason of each that is not in place. Each is
verified by the tree of the patched files.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.paths import cache_folder
from archgraft.agent.refactoring.command import PRELOAD
from archgraft.agent.refactoring.winner import applied
from archgraft.agent.show_tree import model_and_noise
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.offering.crossover import Giver
from benchmarks.edits.measure import options_everywhere
from benchmarks.edits.planting import offers_on, shelf_of, workshop_of
from benchmarks.refactor import OWN, TIMM, VIT_PYTORCH

_VIT = "(image_size=32, patch_size=8, num_classes=10, dim=64, depth=4, heads=4, mlp_dim=128)"
MODELS = (
    ("simple_vit.py", f"SimpleViT{_VIT}", VIT_PYTORCH),
    ("cifar_resnet.py", "resnet18(width=16)", None),
    ("unet.py", "UNet()", None),
)
SHAPE = (3, 32, 32)


def main() -> None:
    """Print a line for each edit, then the counts by operator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--n", type=int, default=3, help="edits of each operator and model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="only the models whose file has this in its name")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with Library(arguments.library) as library, LocalSandbox(preload=PRELOAD, training=False) as sandbox:
        for file, construct, package in MODELS:
            if not arguments.only or arguments.only in file:
                rows += measure(file, construct, package, arguments.n, arguments.seed, library, sandbox)
    show(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


def measure(
    file: str, construct: str, package: str | None, n: int, seed: int, library: Library, sandbox: LocalSandbox
) -> list[dict[str, Any]]:
    """The edits of one model, in a repository of its own."""
    cache, generator = cache_folder(), np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / ".git").mkdir()
        shutil.copy((resolve(package, cache).folder if package else OWN) / file, folder)
        model, sources = f"{folder / file}:{construct}", (TIMM, VIT_PYTORCH)
        rootstock, inputs = model_and_noise(model, SHAPE, list(sources), cache, sandbox, Limits())
        modules = {module.id: module for module in library.modules()}
        tree = rootstock.tree
        offers = offers_on(tree, shelf_of(modules), donors=[Giver(tree)])
        workshop = workshop_of(sandbox, rootstock, modules, inputs, seed)
        options = list(options_everywhere(offers, generator))
        rows, taken = [], Counter[str]()
        for index in generator.permutation(len(options)):
            edit = options[index].edit
            if taken[edit.operator] == n or (winner := workshop.offspring(tree, edit).tree) is None:
                continue
            taken[edit.operator] += 1
            started = time.perf_counter()
            found = applied(model, [(edit, winner)], lambda key: modules[key], sources, cache, sandbox)
            form = "in place" if not found.fallback else "whole file" if found.is_whole else "file with imports"
            row = {"model": file, "operator": edit.operator, "at": edit.path, "form": form, "reason": found.fallback}
            rows.append(row | {"seconds": time.perf_counter() - started})
            print(f"{file} {edit.operator} {edit.form} at {edit.path}: {form}. {found.fallback}", flush=True)
        return rows


def show(rows: list[dict[str, Any]]) -> None:
    """Counts by operator."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["operator"]][row["form"]] += 1
    for operator, forms in sorted(counts.items()):
        print(f"{operator:<16}" + ", ".join(f"{count} {form}" for form, count in forms.most_common()))
    n_in_place = sum(row["form"] == "in place" for row in rows)
    median = float(np.median([row["seconds"] for row in rows])) if rows else 0.0
    print(f"{n_in_place} of {len(rows)} in place, median {median:.1f} s")


if __name__ == "__main__":
    main()
