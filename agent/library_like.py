"""What in a library is built like a given block: one of its own, or a class of the user's, cut out on the spot."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from archgraft.agent.library_report import named, print_table
from archgraft.agent.library_show import find_module
from archgraft.agent.rootstock import closure_of
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import ModuleFilter
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.nearest import Neighbour, nearest
from archgraft.tree_ops.structure import Signature


def neighbours(
    library: Library, asked: str, where: ModuleFilter, sources: Sequence[str], cache: Path, *, everything: bool
) -> Sequence[Neighbour]:
    """The library's modules, the nearest first. `asked` is the start of an id, or a reference to a class.

    Raises `UsageError` and `SourceError`.
    """
    signature, contract, own_id = _asked(library, asked, sources, cache)
    signatures = library.signatures()
    candidates = {
        module.id: (signatures[module.id], module.contract)
        for module in library.modules(where, everything=everything)
        if module.id != own_id
    }
    return nearest(signature, contract, candidates)


def _asked(library: Library, asked: str, sources: Sequence[str], cache: Path) -> tuple[Signature, Contract | None, str]:
    """What is asked for: its structure, and if it is the library's own, its contract and id."""
    if ":" not in asked:
        module = find_module(library, asked)
        return library.signatures()[module.id], module.contract, module.id
    reference = ModelReference.parse(asked)
    extraction = closure_of(reference, [resolve(source, cache) for source in sources], cache)
    return Signature.of(extraction.source), None, ""


def show_neighbours(library: Library, found: Sequence[Neighbour], *, as_json: bool) -> None:
    """Print a line for each, with the reason why it is near."""
    modules = {neighbour.id: library.get(neighbour.id) for neighbour in found}
    if as_json:
        names = {module_id: module.spec.origin.qualified_name for module_id, module in modules.items()}
        rows = [{**asdict(one), "reason": one.reason, "qualified_name": names[one.id]} for one in found]
        typer.echo(json.dumps(rows, indent=2))
        return
    print_table(
        ("distance", "id", "family", "lines", "class", "reason"),
        [
            (
                f"{one.distance:.3f}",
                one.id,
                modules[one.id].contract.family,
                str(modules[one.id].spec.n_lines),
                named(modules[one.id]),
                one.reason,
            )
            for one in found
        ],
        right=(0, 3),
    )
