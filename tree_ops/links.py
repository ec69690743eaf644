"""What one piece of a module refers to: each name in it, tied to what it stands for in the index."""

import ast
from collections.abc import Set
from dataclasses import dataclass

from archgraft.tree_ops.decorators import Registration, decorators_of, gives_back, registration
from archgraft.tree_ops.index import Definition, Missing, Namespace, SourceIndex, Target
from archgraft.tree_ops.modules import Guard, Imported, ModuleSource, Piece, imported_name
from archgraft.tree_ops.scopes import ImportNode, Use, Uses, analyse, bound_name
from archgraft.tree_ops.syntax import parse

PieceKey = tuple[str, int]
_MAX_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Link:
    """A use and its target; `n_attributes` of the use's chain belong to the target's name."""

    use: Use
    target: Target
    n_attributes: int


@dataclass(frozen=True, slots=True)
class ImportLink:
    """One alias of an import that stands inside a piece.

    `value` is set where the module rebinds what it imports, so that the import has to be kept as an assignment.
    """

    node: ImportNode
    alias: ast.alias
    imported: Imported
    target: Target
    at_module_level: bool
    value: bool

    @property
    def is_inside(self) -> bool:
        """Whether it refers to code that is inlined."""
        return isinstance(self.target, Definition | Namespace)


@dataclass(slots=True)
class LinkedPiece:
    """A piece, parsed alone (positions count from its own first line), with all its links."""

    module: ModuleSource
    piece: Piece
    text: str
    statements: list[ast.stmt]
    links: list[Link]
    imports: list[ImportLink]
    dropped: list[ast.expr]
    registrations: list[Registration]
    calls_eagerly: bool

    @property
    def key(self) -> PieceKey:
        return self.module.name, self.piece.index


def link(
    index: SourceIndex, module: ModuleSource, piece: Piece, kept: Set[Definition], text: str | None = None
) -> LinkedPiece:
    """Parse one piece and resolve its names; registrations on the `kept` objects stay, other ones are dropped.

    `text` is read in place of the piece's own. Pieces without registrations are remembered in the index: helpers are
    part of many closures.
    """
    if text is not None:
        return _link(index, module, piece, kept, text)
    remembered = index.linked.get((module.name, piece.index))
    if remembered is not None:
        return remembered
    linked = _link(index, module, piece, kept, module.text_of(piece))
    if not linked.registrations and len(index.linked) < _MAX_REMEMBERED:
        index.linked[linked.key] = linked
    return linked


def _link(index: SourceIndex, module: ModuleSource, piece: Piece, kept: Set[Definition], text: str) -> LinkedPiece:
    statements = parse(text).body
    linked = LinkedPiece(module, piece, text, statements, [], [], [], [], False)
    for statement in statements:
        _drop_decorators(index, linked, statement, kept)
        found = analyse(statement, linked.dropped)
        linked.calls_eagerly |= found.calls_eagerly
        linked.links += [_link_use(index, module, use) for use in found.uses if not _is_inlined(index, module, use)]
        linked.imports += _import_links(index, module, found)
    return linked


def _drop_decorators(index: SourceIndex, linked: LinkedPiece, statement: ast.stmt, kept: Set[Definition]) -> None:
    if "@" not in linked.text:
        return
    for decorator in decorators_of(statement):
        found = registration(index, linked.module, decorator)
        if found is not None:
            linked.registrations.append(found)
        if (found is not None and found.registry not in kept) or gives_back(index, linked.module, decorator):
            linked.dropped.append(decorator)


def _is_inlined(index: SourceIndex, module: ModuleSource, use: Use) -> bool:
    """Whether an import binds the name here, but the name means a definition that is inlined instead."""
    return isinstance(use.node, ast.alias) and index.resolve(module, use.name) != Definition(module.name, use.name)


def _link_use(index: SourceIndex, module: ModuleSource, use: Use) -> Link:
    if use.kind != "load":
        return Link(use, Definition(module.name, use.name), 0)
    if use.local_import is not None:
        imported = imported_name(module, use.local_import.node, use.local_import.alias)
        target = index.resolve_import(module, imported)
    else:
        target = index.resolve(module, use.name)
    target, n_attributes = index.walk(target, [attribute.attr for attribute in use.chain])
    return Link(use, target, n_attributes)


def _import_links(index: SourceIndex, module: ModuleSource, found: Uses) -> list[ImportLink]:
    links = []
    for node, at_module_level in found.imports:
        for alias in node.names:
            imported = imported_name(module, node, alias)
            target = index.resolve_import(module, imported) if alias.name != "*" else Missing("a star import")
            name = bound_name(alias, node)
            rebound = at_module_level and index.resolve(module, name) == Definition(module.name, name)
            links.append(ImportLink(node, alias, imported, target, at_module_level, rebound))
    return links


def guard_of(module: ModuleSource, piece: Piece, name: str) -> Guard:
    """The guard under which the piece imports a name."""
    found = [b.guard for b in module.bindings.get(name, []) if b.piece == piece.index and b.imported is not None]
    return found[0] if found else ""
