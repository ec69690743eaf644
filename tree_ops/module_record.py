"""A `ModuleSource` without its text as one line of JSON: what the cache holds and what processes tell each other.

What comes back in is checked for its form, so that a record by somebody else is refused here and not later.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archgraft.tree_ops.file_texts import SourceText
from archgraft.tree_ops.modules import Binding, ClassHeader, Imported, ModuleSource, Piece
from archgraft.tree_ops.sources import SourceRoot

_GUARDS = frozenset({"", "try", "if", "typing"})


def encode(module: ModuleSource) -> str:
    """The record of a module; whatever depends on where it lies is left out."""
    facts = {
        "header": module.n_header_lines,
        "postponed": module.postponed_annotations,
        "pieces": [[piece.start, piece.line, piece.end, piece.is_import, piece.defines] for piece in module.pieces],
        "bindings": {name: [_of_binding(one) for one in found] for name, found in module.bindings.items()},
        "augmenters": module.augmenters,
        "calls": module.calls,
        "stars": [_of_imported(star) for star in module.stars],
        "dotted": module.dotted_imports,
        "classes": [[header.name, header.bases, header.line] for header in module.classes],
    }
    return json.dumps(facts, separators=(",", ":"))


def decode(record: str, name: str, path: Path, root: SourceRoot | None, text: SourceText) -> ModuleSource:
    """The module that a record describes. Raises `ValueError` for a record that `encode` didn't make."""
    try:
        facts: dict[str, Any] = json.loads(record)
        return ModuleSource(
            name,
            path,
            root,
            path.name == "__init__.py",
            text,
            [_piece(index, *found) for index, found in enumerate(facts["pieces"])],
            {name: [_binding(*one) for one in found] for name, found in facts["bindings"].items()},
            _pieces_by_name(facts["augmenters"]),
            _pieces_by_name(facts["calls"]),
            [_imported(*star) for star in facts["stars"]],
            _texts(facts["dotted"]),
            [ClassHeader(name, tuple(_texts(bases)), int(line)) for name, bases, line in facts["classes"]],
            bool(facts["postponed"]),
            int(facts["header"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no record of a module: {error}") from error


def _pieces_by_name(found: dict[str, Sequence[Any]]) -> dict[str, list[int]]:
    return {name: [int(piece) for piece in pieces] for name, pieces in found.items()}


def _of_binding(binding: Binding) -> list[object]:
    imported = binding.imported
    return [binding.piece, binding.guard, binding.is_definition, None if imported is None else _of_imported(imported)]


def _of_imported(imported: Imported) -> list[object]:
    return [imported.module, imported.attribute, imported.alias, imported.dotted, imported.relative]


def _piece(index: int, start: int, line: int, end: int, is_import: bool, defines: Sequence[str]) -> Piece:
    return Piece(index, start, line, end, is_import, tuple(defines))


def _binding(piece: int, guard: Any, is_definition: bool, imported: Sequence[Any] | None) -> Binding:
    if guard not in _GUARDS:
        raise ValueError(f"no guard: {guard!r}")
    return Binding(piece, None if imported is None else _imported(*imported), guard, is_definition)


def _imported(module: str, attribute: str | None, alias: str, dotted: bool, relative: bool) -> Imported:
    return Imported(module, attribute, alias, dotted, relative)


def _texts(found: Sequence[Any]) -> list[str]:
    return [str(text) for text in found]
