"""Linked pieces of texts that are read again and again: one whose names still mean the same is not linked anew.

What a piece links to depends on its own text and on what its names mean in its module. Pieces for which more than that
counts (names bound or changed by several pieces, own decorators, imports) are not remembered.
"""

import ast
from dataclasses import dataclass, field, replace

from archgraft.tree_ops.file_texts import HeldText
from archgraft.tree_ops.index import Definition, SourceIndex, Target
from archgraft.tree_ops.links import LinkedPiece, reads_of
from archgraft.tree_ops.modules import ModuleSource, Piece, dotted_name
from archgraft.tree_ops.reads import PieceReads
from archgraft.tree_ops.recently_used import RecentlyUsed

_MAX_CHARACTERS = 2**18
"""Of the pieces in all: syntax trees take eighty times the room of their text."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    linked: LinkedPiece
    meanings: tuple[tuple[str, Target, bool], ...]
    """Each name that the piece takes from its module, what it means, and whether that is a class."""


@dataclass(slots=True)
class LinkMemory:
    """The pieces used last, by the name of their module and their text."""

    _held: RecentlyUsed[tuple[str, str], _Remembered] = field(
        default_factory=lambda: RecentlyUsed(_MAX_CHARACTERS, lambda key: len(key[1]))
    )

    def recall(self, index: SourceIndex, module: ModuleSource, piece: Piece, text: str) -> LinkedPiece | None:
        """The piece as it was linked before, in its new place; None when it is new or may mean something else."""
        found = self._held.find((module.name, text))
        if found is None or not _is_alone(module, piece):
            return None
        if any(_meaning(index, module, name) != (target, is_class) for name, target, is_class in found.meanings):
            return None
        old = found.linked
        read = reads_of(index, module.name, old.statements, old.parts, old.links)
        return replace(old, module=module, piece=piece, read=read)

    def note(self, index: SourceIndex, linked: LinkedPiece) -> None:
        """Remember a piece for the next time, if it can be."""
        module = linked.module
        if not _is_alone(module, linked.piece) or any(found.at_module_level for found in linked.imports):
            return
        names = {found.use.name for found in linked.links if found.use.local_import is None}
        meanings = tuple((name, *_meaning(index, module, name)) for name in names)
        own = {name for name, target, _ in meanings if isinstance(target, Definition)}
        if not own.isdisjoint(_decorators(linked)):
            return
        self._held.put((module.name, linked.text), _Remembered(_alone(linked), meanings))


def _alone(linked: LinkedPiece) -> LinkedPiece:
    """A piece without the module and the index that it was read in: they would be held as long as it is remembered."""
    module = linked.module
    bare = ModuleSource(module.name, module.path, None, module.is_package, HeldText([]))
    return replace(linked, module=bare, read=_set_when_recalled)


def _set_when_recalled() -> PieceReads:
    raise AssertionError("a remembered piece is read in its new place")


def _is_alone(module: ModuleSource, piece: Piece) -> bool:
    """Whether no other piece binds or changes what this one binds, and it changes nothing of theirs."""
    if piece.is_import or any(piece.index in pieces for pieces in module.augmenters.values()):
        return False
    return not any(
        name in module.augmenters or any(binding.piece != piece.index for binding in module.bindings[name])
        for name in piece.defines
    )


def _meaning(index: SourceIndex, module: ModuleSource, name: str) -> tuple[Target, bool]:
    target = index.resolve(module, name)
    is_class = isinstance(target, Definition) and index.is_class(target)
    return target, is_class


def _decorators(linked: LinkedPiece) -> set[str]:
    """First parts of the names of all decorators in a piece."""
    return {
        dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator).partition(".")[0]
        for statement in linked.statements
        for node in ast.walk(statement)
        for decorator in getattr(node, "decorator_list", ())
    }
