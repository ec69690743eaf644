"""Random verified offspring of a host, none of them twice: candidates as a search without a planner would draw them."""

from collections.abc import Iterator

import numpy as np

from archgraft.agent.paths import cache_folder
from archgraft.agent.settings import SearchSettings
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.shelf import Shelf
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.planting import LibraryModules, offers_on, planted, shelf_of, workshop_of
from benchmarks.edits.suites import Host

MAX_EDITS = 3
_MAX_RATIO = SearchSettings().max_parameters_ratio


def random_offspring(
    host: Host, modules: LibraryModules, sandbox: Sandbox, n: int, seed: int = 0
) -> Iterator[tuple[int, Tree]]:
    """`n` different trees, each with the number of uniform random edits, 1 to 3, that lead to it from the host."""
    inputs, rootstock = planted(host, sandbox, cache_folder())
    tree = rootstock.tree
    caps = CostCaps.around(tree.n_parameters, tree.flops, _MAX_RATIO, _MAX_RATIO)
    workshop, shelf = workshop_of(sandbox, rootstock, modules, inputs, seed, caps), shelf_of(modules)
    generator = np.random.default_rng(seed)
    seen = {tree_hash(tree)}
    while len(seen) <= n:
        n_edits = int(generator.integers(1, MAX_EDITS + 1))
        child = _edited(tree, n_edits, shelf, workshop, generator)
        if child is not None and (found := tree_hash(child)) not in seen:
            seen.add(found)
            yield n_edits, child


def _edited(tree: Tree, n_edits: int, shelf: Shelf, workshop: Workshop, generator: np.random.Generator) -> Tree | None:
    """The tree after so many edits, or None where one of them isn't accepted."""
    child: Tree | None = tree
    for _ in range(n_edits):
        if child is None:
            break
        [option] = offers_on(child, shelf, caps=workshop.caps).draw_uniform(1, generator)
        child = workshop.offspring(child, option.edit).tree
    return child
