"""From what the user writes for a model to a tree: extract it into one self-contained source, build it, trace it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from archgraft.agent.model_trouble import with_advice
from archgraft.evaluator.verify import trace
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.builder import CONSTRUCT, builder_source
from archgraft.tree_ops.closure import Extraction, extract
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.expectation import adopt
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition, External, SourceIndex
from archgraft.tree_ops.local_imports import local_files
from archgraft.tree_ops.merge import merge_all
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.tree import Tree


@dataclass(frozen=True, slots=True)
class Rootstock:
    """A model to start from. `output_shape` is one sample's; `n_unreached` counts parameters without a gradient."""

    reference: str
    tree: Tree
    output_shape: tuple[int, ...]
    n_unreached: int


@dataclass(frozen=True, slots=True)
class SelfContained:
    """A model's source with all it needs. `missing` are packages that only parts of it import, and that aren't here.

    `emitted` maps every definition that it is made of to its name in the source.
    """

    source: str
    missing: tuple[str, ...]
    emitted: Mapping[Definition, str] = field(default_factory=dict)


def self_contained(reference: ModelReference, sources: Sequence[str], cache: Path) -> SelfContained:
    """The model's source with all it needs, ending in `build_model()`. Raises `SourceError`.

    `sources` are places to find packages in besides what is installed, as for mining.
    """
    extraction, names = closure_of(reference, [resolve(source, cache) for source in sources], cache)
    arguments = reference.arguments
    for index, name in enumerate(names, start=1):
        arguments = re.sub(rf"(?<![\w.]){name}(?![\w=])", _slot(index), arguments)
    builder = builder_source(f"{_slot(0)}({arguments})")
    wanted = [extraction.name, *names.values()]
    source, merged = merge_all(builder, extraction.source, [*wanted, *extraction.emitted.values()])
    for index, name in enumerate(merged[: len(wanted)]):
        source = source.replace(_slot(index), name)
    return SelfContained(source, extraction.optional, dict(zip(extraction.emitted, merged[len(wanted) :])))


def _slot(index: int) -> str:
    """Stands for a name until merging has settled it."""
    return f"ARCHGRAFT_SLOT_{index}_"


def closure_of(reference: ModelReference, roots: list[SourceRoot], cache: Path) -> tuple[Extraction, Mapping[str, str]]:
    """The closure of the model and of the names in its arguments, with what these are called in it.

    Installed packages that the code needs are brought in as they turn out to be needed. The user's own code stays as it
    is, methods that nothing calls included; of all other code, what is needed is taken.
    """
    files = local_files(Path(reference.place).resolve()) if reference.is_file else []
    roots = [*(resolve(str(file), cache) for file in files), *roots]
    while True:
        index = SourceIndex.build(roots, cache=cache)
        known = {root.package for root in roots}
        module = _module_of(reference, index)
        wanted = [name for name in reference.names_used if not _is_torch(index, module, name)]
        packages = {module.partition(".")[0]} if module not in index.modules else set()
        if not packages:
            own = {name for name, found in index.modules.items() if found.path in files} | {module}
            extraction = extract(index, [(module, name) for name in (reference.name, *wanted)], keep=own)
            packages = set(extraction.requires) - {"torch", "numpy"}
        if unknown := sorted(packages & known):
            raise SourceError(f"{reference.text} needs {', '.join(unknown)}, which has no Python source for it")
        if not packages:
            emitted = list(extraction.names.values())[1:]
            return extraction, dict(zip(wanted, emitted, strict=True))
        roots = [*roots, *(_installed(reference, package, cache) for package in sorted(packages))]


def _installed(reference: ModelReference, package: str, cache: Path) -> SourceRoot:
    try:
        return resolve(package, cache)
    except SourceError as error:
        raise SourceError(f"{reference.text} needs {package}: {error}") from None


def _module_of(reference: ModelReference, index: SourceIndex) -> str:
    """The dotted name under which the index holds the model's module. Raises `SourceError` for a broken file."""
    if not reference.is_file:
        return reference.place
    path = Path(reference.place).resolve()
    for broken in index.broken:
        if broken.path == path:
            raise SourceError(f"{reference.place} can't be read: {broken.reason}")
    return next(name for name, module in index.modules.items() if module.path == path)


def _is_torch(index: SourceIndex, module: str, name: str) -> bool:
    """Whether a name in the arguments is torch's own (`nn.GELU`), which every candidate's file has."""
    target = index.resolve(index.modules[module], name) if module in index.modules else None
    return isinstance(target, External) and target.target in ("torch", "torch.nn")


def plant(
    reference: str, model: SelfContained, sandbox: Sandbox, inputs: np.ndarray, limits: Limits, *, seed: int = 0
) -> Rootstock:
    """Build and trace a self-contained model on a small batch. Raises `SourceError` with the model's own error."""
    source = model.source
    traced = trace(sandbox, source, CONSTRUCT, inputs, seed, limits)
    if traced.header is None:
        shape = tuple(inputs.shape[1:])
        reason = f"{traced.outcome.reason}{absent(model)}"
        raise SourceError(f"{reference} can't be built and run on an input of shape {shape}: {with_advice(reason)}")
    if traced.header["faults"]:
        raise SourceError(f"{reference} can't be trained: {with_advice(traced.header['faults'][0])}")
    tree = adopt(source, CONSTRUCT, traced.header, len(inputs))
    output_shape = tuple(traced.header["output_shape"])
    if not output_shape or output_shape[0] != len(inputs):
        raise SourceError(f"{reference} turns a batch of {len(inputs)} into an output of shape {output_shape}")
    return Rootstock(reference, tree, output_shape[1:], len(traced.header["unreached"]))


def absent(model: SelfContained) -> str:
    """A hint at packages that the model's code may have wanted; empty when there are none."""
    if not model.missing:
        return ""
    return f" (parts of its code import {', '.join(model.missing)}, not found here: bring them in with --from)"
