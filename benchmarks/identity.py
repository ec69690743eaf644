"""How fast trees are told apart: hash, distance, features. Nothing is trained.

Run: python -m benchmarks.identity --rootstock examples/resnet.py:ResNet(blocks=3)@1x16x16 --json FILE
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.paths import cache_folder
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.show_tree import parsed_shape, traced_model
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.distance import normalised_distances, profile
from archgraft.tree_ops.features import features, label_counts
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree

N_REPEATS = 10
N_PROFILES = 500


def main() -> None:
    """Print one line a rootstock, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rootstock", action="append", required=True, metavar="MODEL@SHAPE")
    parser.add_argument("--from", dest="sources", action="append", default=[])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    with LocalSandbox(preload=("archgraft.evaluator.trace",)) as sandbox:
        for text in arguments.rootstock:
            model, _, shape = text.rpartition("@")
            rootstock = traced_model(model, parsed_shape(shape), arguments.sources, cache_folder(), sandbox, Limits())
            rows.append(measure(rootstock))
            print(
                "  ".join(f"{name} {value:.4g}" if name != "rootstock" else value for name, value in rows[-1].items())
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


def measure(rootstock: Rootstock) -> dict[str, Any]:
    """Median milliseconds of CPU time of each function; of the hash also for a source that was never read."""
    tree = rootstock.tree
    sources = [replace(tree, source=f"{tree.source}\n# {number}\n") for number in range(N_REPEATS)]
    tree_hash(tree)
    return {
        "rootstock": rootstock.reference,
        "n_nodes": len(tree.nodes),
        "source_kib": len(tree.source) / 1024,
        "hash_ms": _median_ms(lambda _: tree_hash(tree)),
        "hash_of_new_source_ms": _median_ms(lambda place: tree_hash(sources[place])),
        "profile_ms": _median_ms(lambda _: profile(tree)),
        "features_ms": _median_ms(lambda _: features(tree)),
        "labels_ms": _median_ms(lambda _: label_counts(tree)),
        "all_pairs_of_500_s": _all_pairs_seconds(tree),
    }


def _median_ms(work: Callable[[int], object]) -> float:
    times = []
    for place in range(N_REPEATS):
        started = time.process_time()
        work(place)
        times.append(1000 * (time.process_time() - started))
    return statistics.median(times)


def _all_pairs_seconds(tree: Tree) -> float:
    """Distances of all pairs of as many profiles as a long search has candidates, each with other grams."""
    generator = np.random.default_rng(0)
    grams = list(profile(tree).items())
    profiles = []
    for number in range(N_PROFILES):
        kept = generator.random(len(grams)) < 0.9
        found = defaultdict(int, {gram: count for (gram, count), is_kept in zip(grams, kept, strict=True) if is_kept})
        found |= {(str(number), str(extra)): 1 for extra in range(10)}
        profiles.append(found)
    started = time.process_time()
    normalised_distances(profiles)
    return time.process_time() - started


if __name__ == "__main__":
    main()
