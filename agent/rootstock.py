"""From what the user writes for a model to a tree: extract it into one self-contained source, build it, trace it."""

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.model_trouble import with_advice
from archgraft.evaluator.verify import Traced, trace
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.argument_changes import may_change
from archgraft.tree_ops.block_reading import read_text
from archgraft.tree_ops.builder import BUILDER, CONSTRUCT, builder_source
from archgraft.tree_ops.closure import Extraction, extract
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.expectation import adopt
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition, Missing, SourceIndex
from archgraft.tree_ops.local_imports import local_files
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.modules import Binding, Imported
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.specialisation import Folding
from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree import Tree

_CALLER = "<caller>"
"""The module that calls for the model: a name that no code can import."""
_NOWHERE = -1
"""The piece of bindings that no statement makes."""
_STRUCTURE = ("path", "definition", "arguments", "children", "n_calls", "call_order", "tensors", "flops")
_SHAPES = ("input_shapes", "output_shapes")


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

    `emitted` maps every definition that it is made of to its name in the source. `unfolded` is the same model with code
    that can't run, where there is such code.
    """

    source: str
    missing: tuple[str, ...]
    emitted: Mapping[Definition, str] = field(default_factory=dict)
    unfolded: "SelfContained | None" = None


def self_contained(
    reference: ModelReference, sources: Sequence[str], cache: Path, *, fold: bool = True
) -> SelfContained:
    """The model's source with all it needs, ending in `build_model()`. Raises `SourceError`.

    `sources` are places to find packages in besides what is installed, as for mining. The user's own files stay as they
    are. Of all other code, what the model can't run is folded away; what arguments decide that edits change, stays.
    """
    roots = [resolve(source, cache) for source in sources]
    closed = _closed(reference, roots, cache, lambda index, module: _call(reference, index, module))
    unfolded = _kept(closed.extraction)
    if not fold:
        return unfolded
    keep = {_CALLER, *closed.own}
    folded = _kept(extract(closed.index, [closed.root], keep, Folding(is_open=may_change)))
    return unfolded if folded.source == unfolded.source else replace(folded, unfolded=unfolded)


def _kept(extraction: Extraction) -> SelfContained:
    own = {found: name for found, name in extraction.emitted.items() if found.module != _CALLER}
    return SelfContained(extraction.source, extraction.optional, own)


def _call(reference: ModelReference, index: SourceIndex, module: str) -> Definition:
    """A `build_model()` for the model in a module of its own, where it has each name of the call from `module`."""
    for name in (reference.name, *reference.names_used):
        if name == reference.name or isinstance(index.resolve(index.modules[module], name), Missing):
            index.definition((module, name))  # says what is wrong where there is none
    slots = {name: f"ARCHGRAFT_SLOT_{number}_" for number, name in enumerate((reference.name, *reference.names_used))}
    text = SourceBytes(f"{reference.name}({reference.arguments})")
    names = [node for node in ast.walk(parse_expression(text.data.decode())) if isinstance(node, ast.Name)]
    edits = [TextEdit(text.start(node), text.end(node), slots[node.id]) for node in names if node.id in slots]
    caller = read_text(builder_source(text.apply(edits)), _CALLER)
    for name, slot in slots.items():
        imported = Imported(module, name, slot, dotted=False, relative=False)
        caller.bindings[slot] = [Binding(_NOWHERE, imported, "")]
    index.modules[_CALLER] = caller
    return Definition(_CALLER, BUILDER)


def closure_of(reference: ModelReference, roots: list[SourceRoot], cache: Path) -> Extraction:
    """The closure of the class or function itself, whatever its arguments. Raises `SourceError`."""
    return _closed(reference, roots, cache, lambda index, module: index.definition((module, reference.name))).extraction


@dataclass(frozen=True, slots=True)
class _Closed:
    """An index of all that a root needs, and its closure. `own` are the modules of the user's files."""

    index: SourceIndex
    own: Collection[str]
    root: Definition
    extraction: Extraction


def _closed(
    reference: ModelReference,
    roots: list[SourceRoot],
    cache: Path,
    root_in: Callable[[SourceIndex, str], Definition],
) -> _Closed:
    """The closure of what `root_in` finds in an index, given the name of the model's module there.

    Installed packages that the code needs are brought in as they turn out to be needed. The model's own module and the
    user's files stay as they are, methods that nothing calls included; of all other code, what is needed is taken.
    """
    files = local_files(Path(reference.place).resolve()) if reference.is_file else []
    roots = [*(resolve(str(file), cache) for file in files), *roots]
    while True:
        index = SourceIndex.build(roots, cache=cache)
        known = {root.package for root in roots}
        module = _module_of(reference, index)
        packages = {module.partition(".")[0]} if module not in index.modules else set()
        if not packages:
            own = {name for name, found in index.modules.items() if found.path in files}
            root = root_in(index, module)
            extraction = extract(index, [root], keep={_CALLER, module, *own})
            packages = set(extraction.requires) - {"torch", "numpy"}
        if unknown := sorted(packages & known):
            raise SourceError(f"{reference.text} needs {', '.join(unknown)}, which has no Python source for it")
        if not packages:
            return _Closed(index, own, root, extraction)
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


def plant(
    reference: str, model: SelfContained, sandbox: Sandbox, inputs: np.ndarray, limits: Limits, *, seed: int = 0
) -> Rootstock:
    """Build and trace a self-contained model on a small batch. Raises `SourceError` with the model's own error.

    Folded code is taken only where it turns out to be the same model.
    """
    traced = trace(sandbox, model.source, CONSTRUCT, inputs, seed, limits)
    if model.unfolded is not None:
        unfolded = trace(sandbox, model.unfolded.source, CONSTRUCT, inputs, seed, limits)
        if _told(traced) != _told(unfolded):
            model, traced = model.unfolded, unfolded
    source = model.source
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


def _told(traced: Traced) -> dict[str, Any] | None:
    """What a trace tells of the model itself, wherever its code stands; None where it could not be run."""
    if traced.header is None:
        return None
    nodes = [{key: node[key] for key in (*_STRUCTURE, *_SHAPES)} for node in traced.header["nodes"]]
    return {**traced.header, "nodes": nodes}


def absent(model: SelfContained) -> str:
    """A hint at packages that the model's code may have wanted; empty when there are none."""
    if not model.missing:
        return ""
    return f" (parts of its code import {', '.join(model.missing)}, not found here: bring them in with --from)"
