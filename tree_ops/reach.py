"""Which pieces of which modules a set of definitions needs, transitively, and which parts of these pieces."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archgraft.tree_ops.cutting import cut
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import PROVIDED, Definition, External, Missing, Namespace, SourceIndex
from archgraft.tree_ops.links import ImportLink, Link, LinkedPiece, PieceKey, link
from archgraft.tree_ops.modules import Binding, ModuleSource
from archgraft.tree_ops.parts import WHOLE, Part
from archgraft.tree_ops.registering import changed_by
from archgraft.tree_ops.waking import Demand


class ClosureError(SourceError):
    """A definition can't be made self-contained; the message says why."""


@dataclass(slots=True)
class Reached:
    """Everything that the roots need."""

    roots: Sequence[Definition]
    slim: Callable[[str], bool]
    """Whether a module's unneeded members are left out; its pieces stay as they are otherwise."""
    pieces: dict[PieceKey, LinkedPiece] = field(default_factory=dict)
    live: dict[PieceKey, set[int]] = field(default_factory=dict)
    """Of each piece, the parts that are needed."""
    definitions: dict[Definition, tuple[PieceKey, ...]] = field(default_factory=dict)
    """Each reached name with the pieces that bind it or change its object, in the module's order."""
    _live_links: dict[PieceKey, list[Link]] = field(default_factory=dict)

    def is_live(self, piece: LinkedPiece, node: ast.AST) -> bool:
        """Whether a node of the piece's syntax is in a part that is needed."""
        return piece.parts.of(node) in self.live[piece.key]

    def dropped(self, piece: LinkedPiece) -> list[ast.AST]:
        """Decorators that are left out."""
        live = self.live[piece.key]
        return [part.node for part in piece.parts.all if part.kind == "decorator" and part.number not in live]

    def links(self, piece: LinkedPiece) -> list[Link]:
        """The links of all live parts."""
        live = self.live[piece.key]
        return [found for found in piece.links if found.part in live]

    def imports(self, piece: LinkedPiece) -> list[ImportLink]:
        """The imports inside all live parts."""
        live = self.live[piece.key]
        return [found for found in piece.imports if found.part in live]

    def text(self, piece: LinkedPiece) -> str:
        """The piece's text without its dead parts."""
        return cut(piece, self.live[piece.key]).text

    def calls_eagerly(self, piece: LinkedPiece) -> bool:
        """Whether executing the piece may run functions."""
        return not piece.eager_calls.isdisjoint(self.live[piece.key])

    def live_links(self, piece: LinkedPiece) -> list[Link]:
        """The links of live parts, without those in annotations that name something which is not emitted."""
        if piece.key not in self._live_links:
            links = self.links(piece)
            lost = {
                id(found.use.annotation.node)
                for found in links
                if found.use.annotation is not None and not self.keeps(found)
            }
            self._live_links[piece.key] = [
                found for found in links if found.use.annotation is None or id(found.use.annotation.node) not in lost
            ]
        return self._live_links[piece.key]

    def keeps(self, found: Link) -> bool:
        """Whether the name in an annotation means something in the emitted source."""
        if isinstance(found.target, Definition):
            is_quoted = found.use.node is None  # and can't be renamed
            return found.target in self.definitions and not (is_quoted and found.target.name != found.use.name)
        if isinstance(found.target, External):
            return found.target.target.split(".")[0] in PROVIDED
        return not isinstance(found.target, Missing | Namespace)


def _keep_all(_: str) -> bool:
    """Slims no module."""
    return False


def reach(
    index: SourceIndex,
    roots: Sequence[Definition],
    whole: Iterable[str] = (),
    texts: Mapping[PieceKey, str] | None = None,
    *,
    slim: Callable[[str], bool] | None = None,
    lenient: bool = False,
) -> Reached:
    """All that the roots need, and all that the `whole` modules hold; `texts` are read in place of the authors' pieces.

    Of the modules that `slim` is true for, only the parts that are needed count. Raises `ClosureError` for a name that
    is needed and has no Python source; `lenient` leaves such names as they are.
    """
    walk = _Walk(index, Reached(roots, slim or _keep_all), texts or {}, lenient, is_slimming=slim is not None)
    walk.run(whole)
    return walk.reached


class _Walk:
    def __init__(
        self, index: SourceIndex, reached: Reached, texts: Mapping[PieceKey, str], lenient: bool, *, is_slimming: bool
    ) -> None:
        self.is_slimming = is_slimming
        self.index = index
        self.texts = texts
        self.lenient = lenient
        self.reached = reached
        self.demand = Demand(index, reached.roots)
        self._queue: list[PieceKey] = []
        self._dormant: dict[tuple[PieceKey, int], tuple[LinkedPiece, Part]] = {}
        self._seen: set[str] = set()
        self._registering: dict[PieceKey, frozenset[Definition]] = {}
        """Call statements of the modules seen, with what each changes."""

    def run(self, whole: Iterable[str]) -> None:
        for root in self.reached.roots:
            self._add_definition(root)
        for name in whole:
            for piece in self.index.modules[name].pieces:
                if not piece.is_import:
                    self._add_piece((name, piece.index))
        while self._queue or self._wake():
            while self._queue:
                self._link(self._queue.pop())

    def _wake(self) -> bool:
        """Bring parts to life that something asks for by now; False when there are none."""
        self.demand.settle()
        found = [
            (key, piece, part)
            for key, (piece, part) in self._dormant.items()
            if self.demand.asks_for(piece, part, self.reached.definitions)
        ]
        for key, piece, part in found:
            del self._dormant[key]
            self._enliven(piece, part.number)
        names = self.reached.definitions
        calls = [call for call, changed in self._registering.items() if not changed.isdisjoint(names)]
        for call in calls:
            del self._registering[call]
            self._add_piece(call)
        return bool(found or calls)

    def _link(self, key: PieceKey) -> None:
        module = self.index.modules[key[0]]
        piece = link(self.index, module, module.pieces[key[1]], self.texts.get(key))
        self.reached.pieces[key] = piece
        self.reached.live[key] = set()
        self.demand.add_classes(piece.classes)
        self._note_calls(module)
        self._enliven(piece, WHOLE)

    def _note_calls(self, module: ModuleSource) -> None:
        """What a module enters in registries counts, as far as these are needed."""
        if module.name in self._seen:
            return
        self._seen.add(module.name)
        for name, pieces in module.calls.items():
            target = self.index.resolve(module, name)
            if isinstance(target, Definition) and (changed := changed_by(self.index, target)):
                self._registering.update(((module.name, piece), changed) for piece in pieces)

    def _enliven(self, piece: LinkedPiece, number: int) -> None:
        self.reached.live[piece.key].add(number)
        self._follow(piece, number)
        if self.is_slimming:
            self.demand.add_reads(piece.read().by_part.get(number))
        for part in piece.parts.children(number):
            if not self.reached.slim(piece.module.name) and part.kind != "decorator":
                self._enliven(piece, part.number)
            else:
                self._dormant[piece.key, part.number] = piece, part

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

    def _follow(self, piece: LinkedPiece, number: int) -> None:
        for found in piece.links:
            if found.part == number and found.use.annotation is None and found.use.kind == "load":
                self._follow_target(piece, found)
        for imported in piece.imports:
            if imported.part != number or not imported.value:
                continue
            if isinstance(imported.target, Definition):
                self.demand.add_key(imported.target, None)
                self._add_definition(imported.target)
            elif isinstance(imported.target, Namespace) and not imported.at_module_level and not self.lenient:
                where = f"{piece.module.name}, line {piece.piece.line}"
                raise ClosureError(f"{where} uses the module {imported.target.module} as a value")

    def _follow_target(self, piece: LinkedPiece, found: Link) -> None:
        where = f"{piece.module.name}, line {piece.piece.line}"
        target = found.target
        if isinstance(target, Definition):
            if self.is_slimming:
                n_attributes, key = piece.read().keys.get(id(found.use.node), (-1, None))
                self.demand.add_key(target, (key,) if n_attributes == found.n_attributes else None)
            self._add_definition(target)
        elif isinstance(target, Namespace) and not self.lenient:
            raise ClosureError(f"{where} uses the module {target.module} as a value")
        elif isinstance(target, Missing) and not self.lenient and self._is_needed(found, target):
            raise ClosureError(f"{where} needs {found.use.name}: {target.reason}")

    @staticmethod
    def _is_needed(found: Link, missing: Missing) -> bool:
        """Not what a function imports itself: emitted, that import says by an ImportError that there is no source."""
        if found.use.local_import is not None:
            return False
        return found.use.eager or "no Python source" in missing.reason


def _bindings_that_count(module: ModuleSource, name: str) -> list[Binding]:
    """The name's bindings from its last unguarded function or class statement on: that one replaces all before it."""
    bindings = module.bindings.get(name, [])
    final = [number for number, binding in enumerate(bindings) if binding.is_definition and not binding.guard]
    return bindings[final[-1] :] if final else bindings
