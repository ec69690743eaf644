"""What one piece of a module refers to: each name in it, tied to what it stands for in the index."""

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archgraft.tree_ops.classes import ClassFacts, class_facts
from archgraft.tree_ops.decorators import gives_back, registration
from archgraft.tree_ops.index import Definition, Missing, Namespace, SourceIndex, Target
from archgraft.tree_ops.modules import Guard, Imported, ModuleSource, Piece, imported_name
from archgraft.tree_ops.parts import Parts, find_parts, sliceable
from archgraft.tree_ops.reads import Anchor, PieceReads, read_attributes
from archgraft.tree_ops.scopes import ImportNode, Use, Uses, analyse, bound_name
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit

PieceKey = tuple[str, int]
_MAX_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Link:
    """A use and its target; `n_attributes` of the use's chain belong to the target's name.

    `part` is the number of the part of the piece that it stands in.
    """

    use: Use
    target: Target
    n_attributes: int
    part: int


@dataclass(frozen=True, slots=True)
class ImportLink:
    """One alias of an import that stands inside a piece.

    `value` is set where the module, or the function around, binds the name otherwise too, so that the import has to be
    kept as an assignment.
    """

    node: ImportNode
    alias: ast.alias
    imported: Imported
    target: Target
    at_module_level: bool
    value: bool
    part: int

    @property
    def is_inside(self) -> bool:
        """Whether it refers to code that is inlined."""
        return isinstance(self.target, Definition | Namespace)


@dataclass(frozen=True, slots=True)
class Cut:
    """What taking some parts out of a piece does to its text, and the text that is left."""

    edits: tuple[TextEdit, ...]
    text: str


@dataclass(slots=True)
class LinkedPiece:
    """A piece, parsed alone (positions count from its own first line), with its parts and all that these refer to."""

    module: ModuleSource
    piece: Piece
    text: str
    source: SourceBytes
    statements: list[ast.stmt]
    parts: Parts
    read: Callable[[], PieceReads]
    """Attribute lookups, found when they are first asked for: where everything is kept, nobody asks."""
    classes: tuple[ClassFacts, ...]
    links: list[Link]
    imports: list[ImportLink]
    eager_calls: frozenset[int]
    """Parts that may run functions while the piece is executed."""
    cuts: dict[frozenset[int], Cut] = field(default_factory=dict)

    @property
    def key(self) -> PieceKey:
        return self.module.name, self.piece.index


def link(index: SourceIndex, module: ModuleSource, piece: Piece, text: str | None = None) -> LinkedPiece:
    """Parse one piece and resolve its names; `text` is read in place of its own.

    The pieces used last are remembered in the index: helpers are part of many closures.
    """
    key = (module.name, piece.index, text)
    remembered = index.linked.pop(key, None)
    if remembered is None:
        remembered = _recalled(index, module, piece, module.text_of(piece) if text is None else text)
        if len(index.linked) >= _MAX_REMEMBERED:
            del index.linked[next(iter(index.linked))]
    index.linked[key] = remembered  # as the one that was used last
    return remembered


def _recalled(index: SourceIndex, module: ModuleSource, piece: Piece, text: str) -> LinkedPiece:
    """The piece as another index linked it, if this one shares its memory with others; else linked now."""
    if index.memory is None:
        return _link(index, module, piece, text)
    found = index.memory.recall(index, module, piece, text)
    if found is None:
        found = _link(index, module, piece, text)
        index.memory.note(index, found)
    return found


def _link(index: SourceIndex, module: ModuleSource, piece: Piece, text: str) -> LinkedPiece:
    statements = parse(text).body
    parts = find_parts(statements, _droppable(index, module), _sliced(module, piece, statements))
    linker = _Linker(index, module, piece, parts)
    uses = [analyse(statement) for statement in statements]
    links = [linker.use(use) for found in uses for use in found.uses if not linker.is_inlined(use)]
    return LinkedPiece(
        module,
        piece,
        text,
        SourceBytes(text),
        statements,
        parts,
        reads_of(index, module.name, statements, parts, links),
        tuple(class_facts(index, module, statements, parts)),
        links,
        [imported for found in uses for imported in linker.imports(found)],
        frozenset(parts.of(node) for found in uses for node in found.eager_calls),
    )


def reads_of(
    index: SourceIndex, module: str, statements: list[ast.stmt], parts: Parts, links: list[Link]
) -> Callable[[], PieceReads]:
    """What a piece looks up, found when it is first asked for."""

    @functools.cache
    def read() -> PieceReads:
        anchors = {id(found.use.node): Anchor(found.target, found.n_attributes) for found in links}
        return read_attributes(index, module, statements, parts, anchors)

    return read


def _droppable(index: SourceIndex, module: ModuleSource) -> Callable[[ast.expr], tuple[bool, object]]:
    def droppable(decorator: ast.expr) -> tuple[bool, object]:
        if gives_back(index, module, decorator):
            return True, None
        found = registration(index, module, decorator)
        return found is not None, found and found.registry

    return droppable


def _sliced(module: ModuleSource, piece: Piece, statements: list[ast.stmt]) -> frozenset[str]:
    """Names of dicts that this piece makes or adds one entry to, and that are bound once."""
    if len(statements) != 1 or not isinstance(statements[0], ast.Assign | ast.AnnAssign):
        return frozenset()
    made = sliceable(statements[0])
    changed = {name for name, pieces in module.augmenters.items() if piece.index in pieces}
    return frozenset(name for name in {made, *changed} if name and len(module.bindings.get(name, ())) == 1)


class _Linker:
    def __init__(self, index: SourceIndex, module: ModuleSource, piece: Piece, parts: Parts) -> None:
        self.index = index
        self.module = module
        self.piece = piece
        self.parts = parts

    def is_inlined(self, use: Use) -> bool:
        """Whether an import binds the name here, but the name means a definition that is inlined instead."""
        own = Definition(self.module.name, use.name)
        return isinstance(use.node, ast.alias) and self.index.resolve(self.module, use.name) != own

    def use(self, use: Use) -> Link:
        quoted = use.annotation.expression if use.node is None and use.annotation is not None else None
        part = self.parts.of(use.node or quoted)
        if use.kind != "load":
            return Link(use, Definition(self.module.name, use.name), 0, part)
        if use.local_import is not None:
            imported = imported_name(self.module, use.local_import.node, use.local_import.alias)
            target = self.index.resolve_import(self.module, imported)
        else:
            target = self._before(use) or self.index.resolve(self.module, use.name)
        target, n_attributes = self.index.walk(target, [attribute.attr for attribute in use.chain])
        is_value = use.annotation is None
        return Link(use, self.index.as_value(target) if is_value else target, n_attributes, part)

    def _before(self, use: Use) -> Target | None:
        """The import that `class A(A)` inherits from: the class takes its name over from that."""
        if not use.eager or use.name not in self.piece.defines:
            return None
        own = [b for b in self.module.bindings.get(use.name, ()) if b.piece == self.piece.index]
        takes_over = all(binding.is_definition for binding in own)
        return self.index.resolve_before(self.module, use.name, self.piece.index) if takes_over else None

    def imports(self, found: Uses) -> Iterator[ImportLink]:
        for node, at_module_level in found.imports:
            for alias in node.names:
                imported = imported_name(self.module, node, alias)
                is_star = alias.name == "*"
                target = Missing("a star import") if is_star else self.index.resolve_import(self.module, imported)
                own = Definition(self.module.name, bound_name(alias, node))
                rebound = id(alias) in found.rebound or (
                    at_module_level and self.index.resolve(self.module, own.name) == own
                )
                yield ImportLink(node, alias, imported, target, at_module_level, rebound, self.parts.of(node))


def guard_of(module: ModuleSource, piece: Piece, name: str) -> Guard:
    """The guard under which the piece imports a name."""
    found = [b.guard for b in module.bindings.get(name, []) if b.piece == piece.index and b.imported is not None]
    return found[0] if found else ""
