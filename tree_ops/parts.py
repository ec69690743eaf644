"""The parts of a piece that may be left out of what is emitted: members, docstrings, decorators, entries of a dict.

Each part is a stretch of the piece's text, nested in another or in the piece itself (part 0, which is always there).
What a part refers to counts only while it is live; which parts are live is found by `reach`.
"""

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archgraft.tree_ops.scopes import FunctionNode

PartKind = Literal["piece", "member", "documentation", "decorator", "entry"]
Position = tuple[int, int]
WHOLE = 0
"""The number of the part that is the piece itself."""


@dataclass(slots=True, eq=False)
class Part:
    """One part. `path` is where it stands: the names of the definitions around it, outermost first.

    `body` are the statements among which a member or docstring stands. `name` is a member's name or an entry's key;
    `registry` tells the decorators that register on an object from those that are never needed.
    """

    number: int
    parent: int
    kind: PartKind
    node: ast.AST
    path: tuple[str, ...] = ()
    name: object = None
    registry: object = None
    body: Sequence[ast.stmt] = ()

    @property
    def is_plain_method(self) -> bool:
        """Whether the part is a function that setting an attribute of its name doesn't call."""
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) and not self.node.decorator_list


@dataclass(slots=True)
class Parts:
    """All parts of a piece by number, and which of them is innermost at each position."""

    all: list[Part]
    _starts: list[Position] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)

    def at(self, line: int, column: int) -> int:
        """The number of the innermost part around a position."""
        place = bisect_right(self._starts, (line, column))
        return self._numbers[place - 1] if place else WHOLE

    def of(self, node: ast.AST | None) -> int:
        """The number of the innermost part around a node; nodes without a position belong to the piece itself."""
        line = getattr(node, "lineno", None)
        return WHOLE if line is None or not self._starts else self.at(line, getattr(node, "col_offset", 0))

    def children(self, number: int) -> Iterator[Part]:
        """The parts directly inside one."""
        return (part for part in self.all if part.parent == number and part.number)

    def open(self, part: Part) -> None:
        """Add a part that starts behind all others that have been added."""
        self.all.append(part)
        decorators: list[ast.expr] = getattr(part.node, "decorator_list", [])
        first = min([part.node, *decorators], key=_start)
        self._starts.append(_start(first))
        self._numbers.append(part.number)

    def close(self, part: Part) -> None:
        """Say that what comes next is outside the part."""
        self._starts.append(_end(part.node))
        self._numbers.append(part.parent)


Droppable = Callable[[ast.expr], tuple[bool, object]]
"""Whether a decorator may be dropped, and the registry, if any, whose being needed keeps it."""


def find_parts(statements: Iterable[ast.stmt], droppable: Droppable, dicts: frozenset[str]) -> Parts:
    """The parts of a piece; `dicts` are the module's names whose entries may be left out one by one."""
    finder = _Finder(droppable, dicts)
    for statement in statements:
        finder.statement(statement, WHOLE, ())
    return finder.parts


class _Finder:
    def __init__(self, droppable: Droppable, dicts: frozenset[str]) -> None:
        self.parts = Parts([Part(WHOLE, WHOLE, "piece", ast.Pass())])
        self._droppable = droppable
        self._dicts = dicts

    def _open(
        self,
        kind: PartKind,
        parent: int,
        node: ast.AST,
        path: tuple[str, ...],
        name: object = None,
        registry: object = None,
        body: Sequence[ast.stmt] = (),
    ) -> Part:
        part = Part(len(self.parts.all), parent, kind, node, path, name, registry, body)
        self.parts.open(part)
        return part

    def statement(self, node: ast.stmt, parent: int, path: tuple[str, ...]) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            self._definition(node, parent, path)
        elif self._dicts and not path:
            self._entries(node, parent)
        else:
            for inner in _inner_statements(node):
                self.statement(inner, parent, path)

    def _definition(self, node: ast.ClassDef | FunctionNode, parent: int, path: tuple[str, ...]) -> None:
        for decorator in node.decorator_list:
            is_droppable, registry = self._droppable(decorator)
            if is_droppable:
                self.parts.close(self._open("decorator", parent, decorator, path, registry=registry))
        inside = (*path, node.name)
        shared = _shared_lines(node) if isinstance(node, ast.ClassDef) and not path else None
        for number, statement in enumerate(node.body):
            if number == 0 and _is_text(statement) and _is_alone(node, statement):
                self.parts.close(self._open("documentation", parent, statement, inside, body=node.body))
                continue
            name = _member_name(statement) if shared is not None else None
            if name is None or shared is None or statement.lineno in shared or _is_dunder(name):
                self.statement(statement, parent, inside)
                continue
            part = self._open("member", parent, statement, inside, name, body=node.body)
            self.statement(statement, part.number, inside)
            self.parts.close(part)

    def _entries(self, node: ast.stmt, parent: int) -> None:
        target = _target(node)
        if isinstance(target, ast.Name) and target.id in self._dicts:
            for entry in dict_entries(getattr(node, "value", None)) or ():
                self.parts.close(self._open("entry", parent, entry.node, (target.id,), entry.key))
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            name = target.value.id if isinstance(target.value, ast.Name) else ""
            if name in self._dicts:
                self.parts.close(self._open("entry", parent, node, (name,), target.slice.value))


@dataclass(frozen=True, slots=True)
class DictEntry:
    """One entry of a dict display, or of a call of `dict`; `node` spans all of it."""

    key: object
    node: ast.Tuple | ast.keyword


def dict_entries(value: ast.expr | None) -> list[DictEntry] | None:
    """The entries of `{"a": 1}` or `dict(a=1)`; None for anything else, and for keys that are no literals."""
    if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys):
        return [_entry(key, item) for key, item in zip(value.keys, value.values, strict=True) if key is not None]
    is_call = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict"
    if is_call and isinstance(value, ast.Call) and not value.args and all(k.arg for k in value.keywords):
        return [DictEntry(keyword.arg, keyword) for keyword in value.keywords]
    return None


def _entry(key: ast.expr, value: ast.expr) -> DictEntry:
    node = ast.copy_location(ast.Tuple([key, value]), key)
    node.end_lineno, node.end_col_offset = value.end_lineno, value.end_col_offset
    return DictEntry(key.value if isinstance(key, ast.Constant) else None, node)


def sliceable(node: ast.stmt) -> str | None:
    """The name that the statement binds to a dict whose keys are all literals."""
    target = _target(node)
    is_dict = dict_entries(getattr(node, "value", None)) is not None
    return target.id if is_dict and isinstance(target, ast.Name) else None


def _target(node: ast.stmt) -> ast.expr | None:
    """What an assignment with one target sets."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.targets[0]
    return node.target if isinstance(node, ast.AnnAssign) else None


def _start(node: ast.AST) -> Position:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _end(node: ast.AST) -> Position:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(node, name, ())
    for handler in getattr(node, "handlers", ()):
        yield from handler.body


def _member_name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    target = _target(node)
    return target.id if isinstance(target, ast.Name) else None


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_alone(owner: ast.ClassDef | FunctionNode, statement: ast.stmt) -> bool:
    """Whether the first statement of a body shares its line with nothing but, perhaps, the header."""
    return len(owner.body) == 1 or owner.body[1].lineno > (statement.end_lineno or 0)


def _shared_lines(node: ast.ClassDef) -> frozenset[int]:
    """Lines on which a body's statement begins although another one, or the header, ends there."""
    ends = {node.lineno, *(base.end_lineno or 0 for base in node.bases)}
    shared: set[int] = set()
    for statement in node.body:
        if statement.lineno in ends:
            shared.add(statement.lineno)
        ends.add(statement.end_lineno or 0)
    return frozenset(shared)
