"""Which attributes the code of a piece looks up, by name, and on what: what decides which members are needed.

`self.name` in a method is looked up on an object of that class or of one related to it by inheritance; any other
`x.name` may be looked up on anything. `getattr` with a literal is the same; with a name that is put together, all names
of its pattern are looked up. With a name that can't be known, every member of the object's class is looked up where
the class is known; where it isn't, or where the name is itself an attribute (`getattr(self, self.prefix)`), the name
comes from a text constant somewhere in the code, and each text constant counts as a name.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archgraft.tree_ops.index import Definition, External, SourceIndex
from archgraft.tree_ops.parts import WHOLE, Parts
from archgraft.tree_ops.scopes import FunctionNode, all_arguments, children

_ACCESSORS = frozenset({"getattr", "hasattr", "setattr", "delattr"})
ANY_NAME = re.compile(".*")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Names that are looked up on objects of the class `owner` and its relatives, or on anything where it is None.

    `names` is one name or a pattern of names; `stores` says that the attribute is set, which calls no plain method.
    """

    names: str | re.Pattern[str]
    owner: Definition | None = None
    stores: bool = False


@dataclass(slots=True)
class Reads:
    """What one part of a piece looks up."""

    lookups: set[Lookup] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    """Text constants that could be names."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a module-level name stands for where it is used, and how many of its attributes belong to that."""

    target: object
    n_attributes: int


@dataclass(slots=True)
class PieceReads:
    """The reads of a piece, by part, and the literal keys by which dicts are looked up."""

    by_part: dict[int, Reads]
    keys: dict[int, tuple[int, object]]
    """By the identity of a name's node: after how many attributes, and with which key."""


NO_KEY = object()
"""Stands for a statement that puts an entry into a dict and reads none."""


def read_attributes(
    index: SourceIndex, module: str, statements: Iterable[ast.stmt], parts: Parts, anchors: Mapping[int, Anchor]
) -> PieceReads:
    """All lookups of a piece; `anchors` are the meanings of module-level names by the identity of their nodes."""
    reader = _Reader(index, module, parts, anchors)
    for statement in statements:
        reader.visit(statement, WHOLE, _OUTSIDE)
    return reader.found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where code stands: in a class body (`owner` alone), or in a method, where `own_name` is the object."""

    owner: Definition | None = None
    own_name: str | None = None
    in_body: bool = False
    is_getattr: str | None = None
    """The name parameter of a `__getattr__`."""


_OUTSIDE = _Place()


class _Reader:
    def __init__(self, index: SourceIndex, module: str, parts: Parts, anchors: Mapping[int, Anchor]) -> None:
        self.index = index
        self.module = module
        self.anchors = anchors
        self.found = PieceReads({}, {})
        self._number_of = {id(part.node): part.number for part in parts.all if part.number}
        for part in parts.all:
            if isinstance(part.node, ast.Tuple):
                self._number_of.update({id(item): part.number for item in part.node.elts})

    def _reads(self, part: int) -> Reads:
        return self.found.by_part.setdefault(part, Reads())

    def _look_up(
        self, part: int, names: str | re.Pattern[str], owner: Definition | None = None, *, stores: bool = False
    ) -> None:
        self._reads(part).lookups.add(Lookup(names, owner, stores))

    # Walking

    def visit(self, node: ast.AST, part: int, place: _Place) -> None:
        part = self._number_of.get(id(node), part)
        method = _VISITS.get(type(node))
        if method is not None:
            method(self, node, part, place)
        else:
            self._inside(node, part, place)

    def _inside(self, node: ast.AST, part: int, place: _Place) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item, part, place)
            elif isinstance(value, ast.AST):
                self.visit(value, part, place)

    def _all(self, nodes: Iterable[ast.AST | None], part: int, place: _Place) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node, part, place)

    # Definitions

    def class_def(self, node: ast.ClassDef, part: int, place: _Place) -> None:
        self._all([*node.decorator_list, *node.bases, *node.keywords], part, place)
        is_top = place is _OUTSIDE
        inner = _Place(Definition(self.module, node.name), in_body=True) if is_top else _Place(in_body=True)
        self._all(node.body, part, inner)

    def function_def(self, node: FunctionNode, part: int, place: _Place) -> None:
        self._all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults], part, place)
        self._all(node.body, part, _method(node, place) if place.in_body else place)

    def lambda_def(self, node: ast.Lambda, part: int, place: _Place) -> None:
        self._all([*node.args.defaults, *node.args.kw_defaults], part, place)
        self.visit(node.body, part, _OUTSIDE if place.in_body else place)

    def ann_assign(self, node: ast.AnnAssign, part: int, place: _Place) -> None:
        self._all([node.target, node.value], part, place)

    def expr(self, node: ast.Expr, part: int, place: _Place) -> None:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value, part, place)

    # Expressions

    def name(self, node: ast.Name, part: int, place: _Place) -> None:
        if place.in_body and place.owner is not None and not isinstance(node.ctx, ast.Store):
            self._look_up(part, node.id, place.owner)

    def attribute(self, node: ast.Attribute, part: int, place: _Place) -> None:
        chain = [node]
        value: ast.expr = node.value
        while isinstance(value, ast.Attribute):
            chain.append(value)
            value = value.value
        chain.reverse()
        anchor = self.anchors.get(id(value))
        if anchor is not None:
            self._anchored(chain, anchor, part)
            return
        owner = self._owner(value, place)
        for number, attribute in enumerate(chain):
            stores = isinstance(attribute.ctx, ast.Store)
            self._look_up(part, attribute.attr, None if number else owner, stores=stores)
        self.visit(value, part, place)

    def _anchored(self, chain: Sequence[ast.Attribute], anchor: Anchor, part: int) -> None:
        """Attributes of a module-level name: those of classes are known, those of other packages are not ours."""
        if not isinstance(anchor.target, Definition):
            return
        rest = chain[anchor.n_attributes :]
        for number, attribute in enumerate(rest):
            owner = anchor.target if number == 0 and self._is_class(anchor.target) else None
            self._look_up(part, attribute.attr, owner, stores=isinstance(attribute.ctx, ast.Store))
            if attribute.attr == "__dict__":
                self._unknown(part, owner)

    def _is_class(self, definition: Definition) -> bool:
        return any(header.name == definition.name for header in self.index.modules[definition.module].classes)

    def _owner(self, value: ast.expr, place: _Place) -> Definition | None:
        """The class that an expression is an object of, or is, as far as it can be told."""
        if place.owner is None or place.in_body:
            return None
        if isinstance(value, ast.Name):
            return place.owner if value.id == place.own_name else None
        return place.owner if _is_super(value) else None

    def _unknown(self, part: int, owner: Definition | None, *, stores: bool = False) -> None:
        if owner is not None:
            self._look_up(part, ANY_NAME, owner, stores=stores)

    def constant(self, node: ast.Constant, part: int, place: _Place) -> None:  # noqa: ARG002
        if isinstance(node.value, str) and node.value.isidentifier():
            self._reads(part).words.add(node.value)

    def call(self, node: ast.Call, part: int, place: _Place) -> None:
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if isinstance(function, ast.Name) and name in _ACCESSORS and len(node.args) > 1:
            self._access(node, part, place)
        elif isinstance(function, ast.Name) and name == "dir":
            self._unknown(part, self._owner(node.args[0], place) if node.args else None)
        elif name == "get" and isinstance(function, ast.Attribute) and node.args:
            self._key(function.value, node.args[0])
        self._inside(node, part, place)

    def _access(self, node: ast.Call, part: int, place: _Place) -> None:
        value, name = node.args[0], node.args[1]
        if isinstance(value, ast.Name) and (anchor := self.anchors.get(id(value))) is not None:
            if isinstance(anchor.target, External):
                return
            owner = anchor.target if isinstance(anchor.target, Definition) and self._is_class(anchor.target) else None
        else:
            owner = self._owner(value, place)
        pattern = _pattern(name)
        stores = isinstance(node.func, ast.Name) and node.func.id == "setattr"
        if pattern is not None:
            self._look_up(part, pattern, owner, stores=stores)
        elif not (isinstance(name, ast.Name) and name.id == place.is_getattr) and not isinstance(name, ast.Attribute):
            self._unknown(part, owner, stores=stores)

    # Dicts

    def subscript(self, node: ast.Subscript, part: int, place: _Place) -> None:
        if isinstance(node.ctx, ast.Load):
            self._key(node.value, node.slice)
        self._inside(node, part, place)

    def compare(self, node: ast.Compare, part: int, place: _Place) -> None:
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            self._key(node.comparators[0], node.left)
        self._inside(node, part, place)

    def _key(self, value: ast.expr, key: ast.expr) -> None:
        n_attributes = 0
        while isinstance(value, ast.Attribute):
            n_attributes += 1
            value = value.value
        if isinstance(value, ast.Name) and isinstance(key, ast.Constant):
            self.found.keys[id(value)] = (n_attributes, key.value)

    def aug_assign(self, node: ast.AugAssign, part: int, place: _Place) -> None:
        if isinstance(node.target, ast.Attribute):
            self._look_up(part, node.target.attr, self._owner(node.target.value, place))
        self._inside(node, part, place)

    def assign(self, node: ast.Assign, part: int, place: _Place) -> None:
        target = node.targets[0]
        if id(node) in self._number_of and not place.in_body and isinstance(target, ast.Subscript):
            self.found.keys[id(target.value)] = (0, NO_KEY)
        self._inside(node, part, place)


_VISITS: dict[type[ast.AST], Callable[[_Reader, Any, int, _Place], None]] = {
    ast.ClassDef: _Reader.class_def,
    ast.FunctionDef: _Reader.function_def,
    ast.AsyncFunctionDef: _Reader.function_def,
    ast.Lambda: _Reader.lambda_def,
    ast.AnnAssign: _Reader.ann_assign,
    ast.Expr: _Reader.expr,
    ast.Name: _Reader.name,
    ast.Attribute: _Reader.attribute,
    ast.Constant: _Reader.constant,
    ast.Call: _Reader.call,
    ast.Subscript: _Reader.subscript,
    ast.Compare: _Reader.compare,
    ast.Assign: _Reader.assign,
    ast.AugAssign: _Reader.aug_assign,
}


def _is_super(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"


def _method(node: FunctionNode, place: _Place) -> _Place:
    """The place inside a function that stands in a class body."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    is_static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    if not arguments or is_static or place.owner is None:
        return _OUTSIDE
    own = arguments[0].arg
    if _rebinds(node.body, own):
        return _OUTSIDE
    asked = arguments[1].arg if node.name == "__getattr__" and len(arguments) > 1 else None
    return _Place(place.owner, own, is_getattr=asked)


def _rebinds(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether a function's code binds one of its parameters again, or a function inside it has one of that name."""
    pending: list[ast.AST] = [*body]
    while pending:
        inner = pending.pop()
        if isinstance(inner, ast.Name):
            if inner.id == name and not isinstance(inner.ctx, ast.Load):
                return True
            continue
        arguments = getattr(inner, "args", None)
        if isinstance(arguments, ast.arguments) and any(one.arg == name for one in all_arguments(arguments)):
            return True
        pending += children(inner)
    return False


def _pattern(name: ast.expr) -> str | re.Pattern[str] | None:
    """The names that an expression can give: one, those of a pattern, or None for any."""
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name.value
    pattern = _parts_of(name)
    return re.compile(pattern) if pattern.replace(".*", "") else None


def _parts_of(name: ast.expr) -> str:
    if isinstance(name, ast.Constant):
        return re.escape(name.value) if isinstance(name.value, str) else ".*"
    if isinstance(name, ast.JoinedStr):
        return "".join(_parts_of(part) for part in name.values)
    if isinstance(name, ast.BinOp) and isinstance(name.op, ast.Add):
        return _parts_of(name.left) + _parts_of(name.right)
    if isinstance(name, ast.BinOp) and isinstance(name.op, ast.Mod) and isinstance(name.left, ast.Constant):
        return ".*".join(re.escape(text) for text in re.split(r"%[^a-z%]*[a-z]", str(name.left.value)))
    function = name.func if isinstance(name, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.attr == "format" and isinstance(function.value, ast.Constant):
        return ".*".join(re.escape(text) for text in re.split(r"\{[^{}]*\}", str(function.value.value)))
    return ".*"
