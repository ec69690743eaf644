"""What live code asks for: attribute names on objects of which classes, keys of dicts. It decides which parts wake."""

import re
from collections.abc import Collection, Iterable, Sequence

from archgraft.tree_ops.classes import ClassFacts
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.links import LinkedPiece
from archgraft.tree_ops.parts import Part
from archgraft.tree_ops.reads import NO_KEY, Reads


class Demand:
    """Grows with the live code, never shrinks.

    A member is asked for when its name is looked up on an object of its class or of a relative (a class that some class
    inherits from together with it), or on anything unknown; when a base from outside looks it up; or when its class is
    a root, and no `nn.Module`, so that nobody knows what it is used for.
    """

    def __init__(self, index: SourceIndex, roots: Sequence[Definition]) -> None:
        self._roots = {root for root in roots if not index.is_module_class(root)}
        self._facts: dict[Definition, list[ClassFacts]] = {}
        self._anywhere: dict[bool, set[str]] = {False: set(), True: set()}
        self._owned: dict[bool, dict[str, set[Definition]]] = {False: {}, True: {}}
        self._patterns: dict[tuple[re.Pattern[str], Definition | None, bool], None] = {}
        self._words: set[str] = set()
        self._keys: dict[Definition, set[object]] = {}
        self._all_keys = set(roots)
        self._relatives: dict[Definition, set[Definition]] = {}
        self._outside: dict[Definition, frozenset[str] | None] = {}
        self._delegating: set[Definition] = set()

    def add_classes(self, classes: Iterable[ClassFacts]) -> None:
        for facts in classes:
            self._facts.setdefault(facts.definition, []).append(facts)

    def add_key(self, definition: Definition, key: tuple[object] | None) -> None:
        """A lookup in a dict by a literal key; None for any other use of it."""
        if key is None:
            self._all_keys.add(definition)
        elif key[0] is not NO_KEY:
            self._keys.setdefault(definition, set()).add(key[0])

    def add_reads(self, reads: Reads | None) -> None:
        if reads is None:
            return
        self._words |= reads.words
        for lookup in reads.lookups:
            if not isinstance(lookup.names, str):
                self._patterns.setdefault((lookup.names, lookup.owner, lookup.stores))
            elif lookup.owner is None:
                self._anywhere[lookup.stores].add(lookup.names)
            else:
                self._owned[lookup.stores].setdefault(lookup.names, set()).add(lookup.owner)

    def settle(self) -> None:
        """Work out how the classes that are known by now are related."""
        self._relatives = {}
        self._outside = {}
        self._delegating = set()
        for definition in self._facts:
            line = self._ancestors(definition)
            outside: frozenset[str] | None = frozenset()
            for ancestor in line:
                self._relatives.setdefault(ancestor, set()).update(line)
                for facts in self._facts.get(ancestor, ()):
                    outside = None if facts.outside is None or outside is None else outside | facts.outside
            for ancestor in line:  # a mixin's members are looked up by the bases of what it is mixed into
                before = self._outside.get(ancestor, frozenset())
                self._outside[ancestor] = None if before is None or outside is None else before | outside
            if any(facts.delegates for ancestor in line for facts in self._facts.get(ancestor, ())):
                self._delegating.update(line)

    def _ancestors(self, definition: Definition) -> set[Definition]:
        """The class and all indexed classes that it inherits from."""
        found = {definition}
        pending = [definition]
        while pending:
            for facts in self._facts.get(pending.pop(), ()):
                pending += [base for base in facts.bases if base not in found]
                found.update(facts.bases)
        return found

    def asks_for(self, piece: LinkedPiece, part: Part, reached: Collection[Definition]) -> bool:
        """Whether a part is needed, as far as is known by now."""
        if part.kind == "decorator":
            return part.registry is not None and part.registry in reached
        owner = Definition(piece.module.name, part.path[0])
        if part.kind == "documentation":
            return "__doc__" in self._anywhere[False] or "__doc__" in self._owned[False]
        if part.kind == "entry":
            return owner in self._all_keys or part.name in self._keys.get(owner, ())
        return self._asks_for_member(owner, str(part.name), part)

    def _asks_for_member(self, owner: Definition, name: str, part: Part) -> bool:
        outside = self._outside.get(owner)
        if owner in self._roots or outside is None or name in outside:
            return True
        ways = (False,) if part.is_plain_method else (False, True)
        if any(name in self._anywhere[way] for way in ways) or name in self._words:
            return True
        relatives = self._relatives.get(owner, {owner})
        if any(self._is_related(self._owned[way].get(name, ()), relatives) for way in ways):
            return True
        return any(
            (of is None or self._is_related((of,), relatives)) and pattern.fullmatch(name)
            for pattern, of, stores in self._patterns
            if stores in ways
        )

    def _is_related(self, owners: Iterable[Definition], relatives: Collection[Definition]) -> bool:
        return any(owner in relatives or owner in self._delegating for owner in owners)
