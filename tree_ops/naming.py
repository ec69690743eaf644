"""Names in emitted source: every definition and import gets one, and none captures or is captured by another.

The roots keep their names, then imports, then definitions in the order of emission; whoever comes later to a taken name
gets a number. A name is also taken where a function that uses it binds it itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archgraft.tree_ops.index import Builtin, Definition, External, Missing
from archgraft.tree_ops.links import Link, LinkedPiece
from archgraft.tree_ops.reach import Reached


@dataclass(slots=True)
class Names:
    """What each definition and each import is called."""

    of_definition: dict[Definition, str] = field(default_factory=dict)
    of_import: dict[External, str] = field(default_factory=dict)


def choose_names(
    reached: Reached,
    order: Sequence[LinkedPiece],
    same_as: Mapping[Definition, Definition],
    first: Sequence[Definition],
    host: str | None = None,
) -> Names:
    """Name everything in `order`; the definitions in `first` and the imports of the module `host` choose first."""
    by_claim = sorted(order, key=lambda piece: piece.module.name != host)
    return _Naming(reached, by_claim, same_as).run(first)


class _Naming:
    def __init__(
        self, reached: Reached, order: Sequence[LinkedPiece], same_as: Mapping[Definition, Definition]
    ) -> None:
        self.order = order
        self.same_as = same_as
        self.imports: dict[External, set[str]] = {}
        self.definitions: dict[Definition, set[str]] = {}
        self.taken: set[str] = set()
        self.known: set[str] = set()
        for piece in order:
            for found in reached.live_links(piece):
                self._collect(found)
        self.known |= {definition.name for definition in self.definitions}
        self.known |= {external.alias for external in self.imports}

    def _collect(self, found: Link) -> None:
        hidden = found.use.hidden
        self.known |= hidden
        if isinstance(found.target, Definition):
            target = self.same_as.get(found.target, found.target)
            self.definitions.setdefault(target, set()).update(hidden)
        elif isinstance(found.target, External) and found.use.local_import is None:
            self.imports.setdefault(found.target, set()).update(hidden)
        elif isinstance(found.target, Builtin | Missing):
            self.taken.add(found.use.name)

    def run(self, first: Sequence[Definition]) -> Names:
        names = Names()
        roots = list(dict.fromkeys(self.same_as[definition] for definition in first))
        rest = [definition for definition in self._in_order() if definition not in roots]
        for definition in roots:
            names.of_definition[definition] = self._choose(definition.name, self.definitions.get(definition, set()))
        for external, hidden in self.imports.items():
            names.of_import[external] = self._choose(external.alias, hidden)
        for definition in rest:
            names.of_definition[definition] = self._choose(definition.name, self.definitions[definition])
        return names

    def _in_order(self) -> list[Definition]:
        """Definitions by the place where they are bound, then those that are only used."""
        bound: dict[Definition, None] = {}
        for piece in self.order:
            for name in piece.piece.defines:
                definition = Definition(piece.module.name, name)
                if self.same_as.get(definition, definition) in self.definitions:
                    bound.setdefault(self.same_as.get(definition, definition))
        return list(dict.fromkeys([*bound, *self.definitions]))

    def _choose(self, wanted: str, hidden: set[str]) -> str:
        name, number = wanted, 1
        while name in self.taken or name in hidden or (number > 1 and name in self.known):
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name
