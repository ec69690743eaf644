"""The order of definitions in emitted source: what executing a piece needs comes first, ties as the authors had it.

Only eager needs bind: bases, decorators, defaults, class bodies, module-level calls together with what the called code
uses. Inside one module the author's own order already satisfies them.
"""

from collections.abc import Iterator, Mapping

from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.links import Link, LinkedPiece, PieceKey
from archgraft.tree_ops.reach import Reached


def emission_order(
    reached: Reached, same_as: Mapping[PieceKey, PieceKey], last: str | None = None, *, postponed: bool
) -> list[LinkedPiece]:
    """The pieces to write, duplicates (`same_as` maps each to its one representative) left out.

    `last` names a module whose pieces go after all that they don't precede; `postponed` says that annotations are not
    evaluated.
    """
    return _Order(reached, same_as, last, postponed).run()


class _Order:
    def __init__(
        self, reached: Reached, same_as: Mapping[PieceKey, PieceKey], last: str | None, postponed: bool
    ) -> None:
        self.reached = reached
        self.same_as = same_as
        self.postponed = postponed
        self.rank = _module_ranks(reached, last)
        self._done: dict[PieceKey, None] = {}
        self._open: set[PieceKey] = set()
        self._read: dict[PieceKey, set[PieceKey]] = {}

    def run(self) -> list[LinkedPiece]:
        for key in sorted({self.same_as[key] for key in self.reached.pieces}, key=self._position):
            self._visit(key)
        return [self.reached.pieces[key] for key in self._done]

    def _position(self, key: PieceKey) -> tuple[int, int]:
        return self.rank[key[0]], key[1]

    def _visit(self, key: PieceKey) -> None:
        if key in self._done or key in self._open:
            return
        self._open.add(key)
        for other in sorted(self._reads(key), key=self._position):
            self._visit(other)
        for other in sorted(self._called(key) - self._reads(key), key=self._position):
            if not self._waits(other):
                self._visit(other)
        self._open.discard(key)
        self._done[key] = None

    def _waits(self, key: PieceKey) -> bool:
        """Whether executing the piece reads one that is still to be written: no call needs it so soon."""
        pending, seen = [key], {key}
        while pending:
            for other in self._reads(pending.pop()) - seen - self._done.keys():
                if other in self._open:
                    return True
                seen.add(other)
                pending.append(other)
        return False

    def _reads(self, key: PieceKey) -> set[PieceKey]:
        """Pieces that executing this one reads."""
        if key not in self._read:
            piece = self.reached.pieces[key]
            found = {other for found in self._eager_links(piece) for other in self._pieces_before(key, found)}
            self._read[key] = found - {self.same_as[key]}
        return self._read[key]

    def _called(self, key: PieceKey) -> set[PieceKey]:
        """Pieces that code called while this one is executed may read."""
        piece = self.reached.pieces[key]
        called: set[PieceKey] = set()
        if self.reached.calls_eagerly(piece):
            stack = [other for found in self._eager_links(piece) for other in self._raw(found)]
            seen: set[PieceKey] = set()
            while stack:
                other = stack.pop()
                if other in seen:
                    continue
                seen.add(other)
                for found in self.reached.links(self.reached.pieces[other]):
                    stack.extend(self._raw(found))
            called = {self.same_as[other] for other in seen if other[0] != key[0] or other[1] < key[1]}
        return called - {self.same_as[key]}

    def _eager_links(self, piece: LinkedPiece) -> Iterator[Link]:
        for found in self.reached.live_links(piece):
            in_annotation = found.use.annotation is not None
            if found.use.eager and found.use.kind == "load" and not (in_annotation and self.postponed):
                yield found

    def _raw(self, found: Link) -> tuple[PieceKey, ...]:
        if not isinstance(found.target, Definition) or found.use.kind != "load":
            return ()
        return self.reached.definitions.get(found.target, ())

    def _pieces_before(self, key: PieceKey, found: Link) -> Iterator[PieceKey]:
        for other in self._raw(found):
            if other[0] != key[0] or other[1] < key[1]:
                yield self.same_as[other]


def _module_ranks(reached: Reached, last: str | None) -> dict[str, int]:
    """Modules in the order in which importing the roots would finish executing them."""
    needs: dict[str, dict[str, None]] = {}
    for (module, _), piece in sorted(reached.pieces.items()):
        others = needs.setdefault(module, {})
        for found in reached.links(piece):
            if isinstance(found.target, Definition) and found.target in reached.definitions:
                others.setdefault(found.target.module)
    ranks: dict[str, int] = {}
    opened: set[str] = set()

    def visit(module: str) -> None:
        if module in opened or module not in needs:
            return
        opened.add(module)
        for other in needs[module]:
            visit(other)
        ranks[module] = len(ranks)

    for module in sorted(needs):
        if module != last:
            visit(module)
    for module in needs:
        visit(module)
    return ranks
