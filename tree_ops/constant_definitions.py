"""What a program is made of, as propagating constants sees it: functions, classes and families, entries of tables.

Classes that inherit from one another form a family: an attribute of `self` may be set, and a method overridden,
anywhere in the family. A family with a base whose attributes nobody knows here (an enumeration) is open; one with a
layer of torch for a base doesn't own the attributes that such layers keep.
"""

import ast
from dataclasses import dataclass, field
from typing import Literal

from archgraft.tree_ops.constant_locals import Locals
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.links import LinkedPiece
from archgraft.tree_ops.scopes import FunctionNode

MethodKind = Literal["plain", "static", "class", "property"]


@dataclass(eq=False, slots=True)
class Function:
    """A function or method with a body of its own."""

    piece: LinkedPiece
    node: FunctionNode
    names: Locals
    owner: "Class | None" = None
    kind: MethodKind = "plain"
    is_opaque: bool = False
    """Whether calling it does more, or gives something else, than its body says: generators, unknown decorators."""

    @property
    def n_implied(self) -> int:
        """Parameters that a call through an object doesn't write."""
        return 1 if self.owner is not None and self.kind != "static" else 0

    @property
    def self_name(self) -> str | None:
        """The name of the instance inside a method, unless the method rebinds it."""
        positional = [*self.node.args.posonlyargs, *self.node.args.args]
        if self.owner is None or self.kind in ("static", "class") or not positional:
            return None
        name = positional[0].arg
        return None if name in self.names.stored else name


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a table: part `part` of a piece."""

    piece: LinkedPiece
    part: int
    value: ast.expr


@dataclass(eq=False, slots=True)
class Family:
    """Classes related by inheritance."""

    classes: list["Class"] = field(default_factory=list)
    is_open: bool = False
    is_layer: bool = False
    _by_name: dict[str, list[Function]] = field(default_factory=dict)

    def methods(self, name: str) -> list[Function]:
        """All methods of a name; asked only once the family is complete, and remembered."""
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = [
                method for member in self.classes if (method := member.methods.get(name)) is not None
            ]
        return found


@dataclass(eq=False, slots=True)
class Class:
    """A class at top level."""

    definition: Definition
    piece: LinkedPiece
    node: ast.ClassDef
    bases: list[Definition]
    is_open: bool
    is_layer: bool
    is_decorated: bool
    methods: dict[str, Function] = field(default_factory=dict)
    family: Family = field(default_factory=Family)
