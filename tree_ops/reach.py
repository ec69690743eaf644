"""Which pieces of which modules a set of definitions needs, transitively."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import PROVIDED, Definition, External, Missing, Namespace, SourceIndex, Target
from archgraft.tree_ops.links import Link, LinkedPiece, PieceKey, link
from archgraft.tree_ops.modules import Binding, ModuleSource


class ClosureError(SourceError):
    """A definition can't be made self-contained; the message says why."""


@dataclass(slots=True)
class Reached:
    """Everything that the roots need."""

    roots: Sequence[Definition]
    pieces: dict[PieceKey, LinkedPiece] = field(default_factory=dict)
    definitions: dict[Definition, tuple[PieceKey, ...]] = field(default_factory=dict)
    """Each reached name with the pieces that bind it or change its object, in the module's order."""
    _live: dict[PieceKey, list[Link]] = field(default_factory=dict)

    def live_links(self, piece: LinkedPiece) -> list[Link]:
        """The piece's links, without those in annotations that name something which is not emitted."""
        if piece.key not in self._live:
            lost = {
                id(found.use.annotation.node)
                for found in piece.links
                if found.use.annotation is not None and not self.keeps(found)
            }
            self._live[piece.key] = [
                found
                for found in piece.links
                if found.use.annotation is None or id(found.use.annotation.node) not in lost
            ]
        return self._live[piece.key]

    def keeps(self, found: Link) -> bool:
        """Whether the name in an annotation means something in the emitted source."""
        if isinstance(found.target, Definition):
            return found.target in self.definitions
        if isinstance(found.target, External):
            return found.target.target.split(".")[0] in PROVIDED
        return not isinstance(found.target, Missing | Namespace)


def reach(
    index: SourceIndex,
    roots: Sequence[Definition],
    whole: Iterable[str] = (),
    texts: Mapping[PieceKey, str] | None = None,
    *,
    lenient: bool = False,
) -> Reached:
    """All that the roots need, and all that the `whole` modules hold; `texts` are read in place of the authors' pieces.

    Raises `ClosureError` for a name that is needed and has no Python source; `lenient` leaves such names as they are.
    """
    kept: frozenset[Definition] = frozenset()
    while True:
        walk = _Walk(index, roots, kept, texts or {}, lenient)
        walk.run(whole)
        registries = {found.registry for piece in walk.reached.pieces.values() for found in piece.registrations}
        needed = kept | (registries & set(walk.reached.definitions))
        if needed == kept:
            return walk.reached
        kept = needed


class _Walk:
    def __init__(
        self,
        index: SourceIndex,
        roots: Sequence[Definition],
        kept: frozenset[Definition],
        texts: Mapping[PieceKey, str],
        lenient: bool,
    ) -> None:
        self.index = index
        self.texts = texts
        self.kept = kept
        self.lenient = lenient
        self.reached = Reached(roots)
        self._queue: list[PieceKey] = []

    def run(self, whole: Iterable[str]) -> None:
        for root in self.reached.roots:
            self._add_definition(root)
        for name in whole:
            for piece in self.index.modules[name].pieces:
                if not piece.is_import:
                    self._add_piece((name, piece.index))
        while self._queue:
            self._follow(self._link(self._queue.pop()))

    def _link(self, key: PieceKey) -> LinkedPiece:
        module = self.index.modules[key[0]]
        piece = link(self.index, module, module.pieces[key[1]], self.kept, self.texts.get(key))
        self.reached.pieces[key] = piece
        return piece

    def _add_piece(self, key: PieceKey) -> None:
        if key not in self.reached.pieces and key not in self._queue:
            self._queue.append(key)
            for name in self.index.modules[key[0]].pieces[key[1]].defines:
                definition = Definition(key[0], name)
                if self.index.resolve(self.index.modules[key[0]], name) == definition:
                    self._add_definition(definition)

    def _add_definition(self, definition: Definition) -> None:
        if definition in self.reached.definitions:
            return
        module = self.index.modules[definition.module]
        pieces = {binding.piece for binding in _bindings_that_count(module, definition.name)}
        pieces.update(module.augmenters.get(definition.name, []))
        keys = tuple((module.name, piece) for piece in sorted(pieces))
        self.reached.definitions[definition] = keys
        for key in keys:
            self._add_piece(key)

    def _follow(self, piece: LinkedPiece) -> None:
        for found in piece.links:
            if found.use.annotation is None and found.use.kind == "load":
                self._follow_target(piece, found.target, found.use.name, eager=found.use.eager)
        for imported in piece.imports:
            if imported.value:
                self._follow_import(imported.target)

    def _follow_target(self, piece: LinkedPiece, target: Target, name: str, *, eager: bool) -> None:
        where = f"{piece.module.name}, line {piece.piece.line}"
        if isinstance(target, Definition):
            self._add_definition(target)
        elif isinstance(target, Namespace) and not self.lenient:
            raise ClosureError(f"{where} uses the module {target.module} as a value")
        elif isinstance(target, Missing) and not self.lenient and (eager or "no Python source" in target.reason):
            raise ClosureError(f"{where} needs {name}: {target.reason}")

    def _follow_import(self, target: Target) -> None:
        if isinstance(target, Definition):
            self._add_definition(target)


def _bindings_that_count(module: ModuleSource, name: str) -> list[Binding]:
    """The name's bindings from its last unguarded function or class statement on: that one replaces all before it."""
    bindings = module.bindings.get(name, [])
    final = [number for number, binding in enumerate(bindings) if binding.is_definition and not binding.guard]
    return bindings[final[-1] :] if final else bindings
