"""What every benchmark of edits begins with: a host's tree, a library's modules, what is offered, and a workshop."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from archgraft.agent.rootstock import Rootstock, plant, self_contained
from archgraft.agent.show_tree import BATCH, parsed_shape
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.offering.crossover import Giver
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.shelf import Shelf
from archgraft.tree_ops.tree import Tree
from benchmarks.edits.suites import Host

LibraryModules = Mapping[str, LibraryModule]
"""By module id."""

NO_CAPS = CostCaps(10**15, 10**15)


def modules_in(library: Path) -> LibraryModules:
    """All modules of a library file."""
    with Library(library) as opened:
        return {module.id: module for module in opened.modules()}


def host_of(text: str, sources: Sequence[str]) -> Host:
    """The host that a command line names as MODEL@SHAPE. Raises `SystemExit` where no shape is stated."""
    model, at, shape = text.rpartition("@")
    if not at:
        raise SystemExit(f"--rootstock {text}: state one sample's shape, for example {text}@3x32x32")
    return Host(model, parsed_shape(shape), tuple(sources))


def planted(host: Host, sandbox: Sandbox, cache: Path) -> tuple[np.ndarray, Rootstock]:
    """The batch that the host was traced on, and its tree. Raises `SourceError` for a host that can't be."""
    model = self_contained(ModelReference.parse(host.reference), list(host.sources), cache)
    inputs = batch(host, BATCH, host.shape, seed=0)
    return inputs, plant(host.reference, model, sandbox, inputs, Limits())


def batch(host: Host, size: int, shape: tuple[int, ...], *, seed: int) -> np.ndarray:
    """Noise, or token ids."""
    generator = np.random.default_rng(seed)
    if host.n_tokens is not None:
        return generator.integers(0, host.n_tokens, (size, *shape))
    return generator.standard_normal((size, *shape), dtype=np.float32)


def shelf_of(modules: LibraryModules, *, causal: bool = False) -> Shelf:
    """All modules, as offers need them."""
    return Shelf({key: (module.spec.class_name, module.contract) for key, module in modules.items()}, causal=causal)


def offers_on(
    tree: Tree, shelf: Shelf, *, causal: bool = False, caps: CostCaps = NO_CAPS, donors: Sequence[Giver] = ()
) -> TreeOffers:
    """All that can be done to a tree, none of it tried before."""
    return TreeOffers(
        tree,
        shelf,
        causal=causal,
        max_parameters=caps.max_parameters,
        max_flops=caps.max_flops,
        tried=lambda _: False,
        donors=donors,
    )


def workshop_of(
    sandbox: Sandbox,
    rootstock: Rootstock,
    modules: LibraryModules,
    inputs: np.ndarray,
    seed: int,
    caps: CostCaps = NO_CAPS,
) -> Workshop:
    """What makes and verifies offspring, with the default limits."""
    return Workshop(sandbox, rootstock, lambda key: modules[key].spec, inputs, Limits(), caps, seed)
