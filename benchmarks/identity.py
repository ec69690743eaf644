"""Whether the hash tells random offspring apart, and how long hash, distance and features take. Nothing is trained.

Edits are drawn uniformly, of the rootstock and of offspring before, and printed on every rung that applies; each print
that rebuilds to the intended tree is hashed. The prints of one edit should have one hash (`split` counts edits where
they don't), and no two trees of one hash may differ in parameters or FLOPs (`collisions`).

Run: python -m benchmarks.identity --library LIB --n 40 --json FILE
     python -m benchmarks.identity --rootstock examples/resnet.py:ResNet@1x16x16 --library LIB --n 100
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from archgraft.agent.paths import cache_folder
from archgraft.evaluator.verify import Verified, verify
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.distance import normalised_distances, profile
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.emission import Emitted, emissions
from archgraft.tree_ops.features import features
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.measure import Bench, quantile
from benchmarks.edits.planting import host_of, modules_in, offers_on, planted, shelf_of
from benchmarks.edits.suites import CIFAR_RESNET18, CONVNEXT, TIMM, VIT_OF_TIMM, Host

HOSTS = (
    CIFAR_RESNET18,
    Host("timm.models.resnet:resnet18(num_classes=10)", (3, 64, 64), (TIMM,)),
    VIT_OF_TIMM,
    CONVNEXT,
)
_T = TypeVar("_T")
SHARE_OF_LATER_EDITS = 0.3
"""Of the edits, those made to an offspring instead of the rootstock."""


@dataclass(slots=True)
class Figures:
    """One host's. Times are milliseconds of CPU time, one entry a candidate."""

    rootstock: str
    source_kib: float
    n_nodes: int
    cold_hash_ms: float
    """Of the rootstock, of which nothing has been read."""
    n_edits: int = 0
    n_refused: int = 0
    n_candidates: int = 0
    n_prints: int = 0
    """More than candidates: those on further rungs."""
    n_split: int = 0
    split: list[str] = field(default_factory=list)
    hash_ms: list[float] = field(default_factory=list)
    profile_ms: list[float] = field(default_factory=list)
    features_ms: list[float] = field(default_factory=list)


class _Measuring:
    """Offspring of one host, and what is found of them."""

    def __init__(self, bench: Bench, host: Host) -> None:
        self.bench = bench
        self.inputs, self.rootstock = planted(host, bench.sandbox, bench.cache)
        tree = self.rootstock.tree
        cold_ms, found = _timed(lambda: tree_hash(tree))
        self.figures = Figures(host.reference, len(tree.source) / 1024, len(tree.nodes), cold_ms)
        self.trees = [tree]
        self._shelf = shelf_of(bench.modules)
        self.by_hash: dict[str, list[Tree]] = defaultdict(list, {found: [tree]})

    def run(self) -> dict[str, Any]:
        generator = np.random.default_rng(self.bench.seed)
        of_rootstock = self._offers(self.trees[0])
        while self.figures.n_edits < self.bench.n:
            is_later = len(self.trees) > 1 and generator.random() < SHARE_OF_LATER_EDITS
            parent = self.trees[int(generator.integers(1, len(self.trees)))] if is_later else self.trees[0]
            for option in (self._offers(parent) if is_later else of_rootstock).draw_uniform(1, generator):
                self._edit(parent, option.edit)
        return self._told()

    def _offers(self, tree: Tree) -> TreeOffers:
        return offers_on(tree, self._shelf)

    def _edit(self, parent: Tree, edit: Edit) -> None:
        self.figures.n_edits += 1
        prints = emissions(parent, edit, lambda key: self.bench.modules[key].spec)
        trees = [tree for tree in (self._rebuilt(parent, one).tree for one in prints) if tree is not None]
        if not trees:
            self.figures.n_refused += 1
            return
        hashes = [self._hashed(tree) for tree in trees]
        self.trees.append(trees[0])
        self.figures.n_candidates += 1
        self.figures.n_prints += len(trees)
        if len(set(hashes)) > 1:
            self.figures.n_split += 1
            self.figures.split.append(f"{edit.operator} at {edit.path}")
        self.figures.profile_ms.append(_timed(lambda: profile(trees[0]))[0])
        self.figures.features_ms.append(_timed(lambda: features(trees[0]))[0])

    def _rebuilt(self, parent: Tree, emitted: Emitted) -> Verified:
        rootstock = self.rootstock
        return verify(
            self.bench.sandbox,
            parent,
            [emitted],
            self.inputs,
            rootstock.output_shape,
            rootstock.n_unreached,
            self.bench.seed,
            Limits(),
        )

    def _hashed(self, tree: Tree) -> str:
        elapsed_ms, found = _timed(lambda: tree_hash(tree))
        self.figures.hash_ms.append(elapsed_ms)
        self.by_hash[found].append(tree)
        return found

    def _told(self) -> dict[str, Any]:
        figures = self.figures
        profiles = [profile(tree) for tree in self.trees]
        pairs_ms, distances = _timed(lambda: normalised_distances(profiles))
        far = distances[np.triu_indices(len(profiles), 1)]
        return {
            "rootstock": figures.rootstock,
            "source_kib": figures.source_kib,
            "n_nodes": figures.n_nodes,
            "edits": figures.n_edits,
            "refused": figures.n_refused,
            "candidates": figures.n_candidates,
            "prints": figures.n_prints,
            "distinct_hashes": len(self.by_hash),
            "collisions": sum(
                len({(one.n_parameters, one.flops) for one in same}) > 1 for same in self.by_hash.values()
            ),
            "split": figures.n_split,
            "split_edits": figures.split,
            "cold_hash_ms": figures.cold_hash_ms,
            "hash_ms_p50": quantile(figures.hash_ms, 0.5),
            "hash_ms_p90": quantile(figures.hash_ms, 0.9),
            "profile_ms_p50": quantile(figures.profile_ms, 0.5),
            "features_ms_p50": quantile(figures.features_ms, 0.5),
            "all_pairs_ms": pairs_ms,
            "median_distance": float(np.median(far)) if len(far) else None,
        }


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    started = time.thread_time()
    found = work()
    return 1000 * (time.thread_time() - started), found


def main() -> None:
    """Print one line a host, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rootstock", action="append", default=[], metavar="MODEL@SHAPE")
    parser.add_argument("--from", dest="sources", action="append", default=[])
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--n", type=int, default=40, help="edits of each host")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    modules = modules_in(arguments.library)
    with LocalSandbox(preload=("archgraft.evaluator.trace",)) as sandbox:
        bench = Bench(sandbox, modules, cache_folder(), arguments.seed, arguments.n, 1)
        for host in [host_of(text, arguments.sources) for text in arguments.rootstock] or HOSTS:
            rows.append(_Measuring(bench, host).run())
            print(*(f"{name} {_short(value)}" for name, value in rows[-1].items()), sep="  ", flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
