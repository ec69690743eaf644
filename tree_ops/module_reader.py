"""Reads one file's syntax tree into a `ModuleSource`: what its top-level statements are, bind and change."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from archgraft.tree_ops.file_texts import HeldText, lines_of
from archgraft.tree_ops.modules import (
    Binding,
    ClassHeader,
    Guard,
    Imported,
    ModuleSource,
    Piece,
    dotted_name,
    imported_name,
)
from archgraft.tree_ops.scopes import ImportNode, stored_names, walk_scope
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.syntax import parse

_MUTATING_CALLS = ("setattr",)
_COMPOUND = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.TryStar, ast.Match)


def parse_module(
    text: str, name: str, path: Path, root: SourceRoot | None = None, *, is_package: bool = False
) -> ModuleSource:
    """Read one file's text. Raises `SyntaxError` or `ValueError` (null bytes) for what is not Python."""
    tree = parse(text)
    module = ModuleSource(name, path, root, is_package, HeldText(lines_of(text)))
    _Reader(module).read(tree.body)
    return module


class _Reader:
    def __init__(self, module: ModuleSource) -> None:
        self.module = module
        self._lines = module.lines
        self._defines: dict[str, None] = {}

    def read(self, body: list[ast.stmt]) -> None:
        previous_end = self._read_header(body)
        for statements in _by_shared_lines(body):
            line = min(_first_line(statement) for statement in statements)
            end = max(statement.end_lineno or statement.lineno for statement in statements)
            if len(statements) == 1 and _is_docstring_or_future(statements[0]):
                self.module.postponed_annotations |= isinstance(statements[0], ast.ImportFrom)
                previous_end = end
                continue
            start = self._with_comments(line, previous_end)
            if any(_is_main_block(statement) for statement in statements):
                previous_end = end
                continue
            index = len(self.module.pieces)
            self._defines = {}
            for statement in statements:
                self._read_statement(statement, index, "")
            is_import = all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in statements)
            self.module.pieces.append(Piece(index, start, line, end, is_import, tuple(self._defines)))
            previous_end = end

    def _read_header(self, body: list[ast.stmt]) -> int:
        """Measure the header; returns its last line."""
        first = body[0] if body else None
        n_lines = 0
        if first is not None and _is_docstring(first):
            n_lines = first.end_lineno or first.lineno
        else:
            first_line = _first_line(first) if first is not None else len(self._lines) + 1
            is_import = isinstance(first, ast.Import | ast.ImportFrom)
            n_lines = (first_line if is_import or first is None else self._with_comments(first_line, 0)) - 1
        self.module.n_header_lines = n_lines
        return n_lines

    def _with_comments(self, line: int, previous_end: int) -> int:
        """The first of the comment lines that stand directly above a statement."""
        while line - 1 > previous_end and self._lines[line - 2].startswith("#"):
            line -= 1
        return line

    def _read_statement(self, node: ast.stmt, piece: int, guard: Guard) -> None:
        """Read a statement and those inside it, in their order. Without recursion: `elif` chains are nested deeply."""
        pending = [(node, guard)]
        while pending:
            node, guard = pending.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._read_import(node, piece, guard)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._read_definition(node, piece, guard)
            elif isinstance(node, _COMPOUND):
                inner = self._read_headers(node, piece, guard)
                pending += [(statement, inner) for statement in reversed(list(_blocks(node)))]
            else:
                self._read_simple(node, piece, guard)

    def _bind(self, name: str, piece: int, guard: Guard, imported: Imported | None = None) -> None:
        self._defines.setdefault(name)
        self.module.bindings.setdefault(name, []).append(Binding(piece, imported, guard))

    def _bind_definition(self, name: str, piece: int, guard: Guard) -> None:
        self._defines.setdefault(name)
        self.module.bindings.setdefault(name, []).append(Binding(piece, None, guard, is_definition=True))

    def _augment(self, name: str | None, piece: int) -> None:
        if name is not None:
            pieces = self.module.augmenters.setdefault(name, [])
            if piece not in pieces:
                pieces.append(piece)

    def _read_import(self, node: ImportNode, piece: int, guard: Guard) -> None:
        for alias in node.names:
            imported = imported_name(self.module, node, alias)
            if alias.name == "*":
                self.module.stars.append(imported)
                continue
            if imported.dotted:
                self.module.dotted_imports.append(alias.name)
            self._bind(imported.alias, piece, guard, imported)

    def _read_definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, piece: int, guard: Guard
    ) -> None:
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(target, ast.Attribute):
                self._augment(root_name(target), piece)
        if isinstance(node, ast.ClassDef):
            bases = tuple(name for base in node.bases if (name := dotted_name(base)))
            self.module.classes.append(ClassHeader(node.name, bases, node.lineno))
        self._bind_definition(node.name, piece, guard)

    def _read_headers(self, node: ast.stmt, piece: int, guard: Guard) -> Guard:
        """Bind what a compound statement itself binds; returns the guard of its blocks."""
        inner = _guard_of(node, guard)
        for part in _headers(node):
            for name in stored_names(part):
                self._bind(name, piece, inner)
        return inner

    def _read_simple(self, node: ast.stmt, piece: int, guard: Guard) -> None:
        if isinstance(node, ast.AugAssign):
            self._augment(root_name(node.target), piece)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Subscript | ast.Attribute):
                    self._augment(root_name(target), piece)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self._augment(_changed_by(node.value), piece)
            if (name := _called(node.value)) is not None and name not in _MUTATING_CALLS:
                self.module.calls.setdefault(name, []).append(piece)
        if isinstance(node, ast.AugAssign | ast.Delete) or (isinstance(node, ast.AnnAssign) and node.value is None):
            return
        for part in walk_scope([node]):
            for name in stored_names(part):
                self._bind(name, piece, guard)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _by_shared_lines(body: Iterable[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements, those that share a line (`a = 1; b = 2`) together."""
    group: list[ast.stmt] = []
    for statement in body:
        if group and (group[-1].end_lineno or 0) < _first_line(statement):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_docstring_or_future(node: ast.stmt) -> bool:
    return _is_docstring(node) or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def _is_main_block(node: ast.stmt) -> bool:
    """`if __name__ == "__main__":` belongs to the file as a script, not to what it defines."""
    test = node.test if isinstance(node, ast.If) else None
    return isinstance(test, ast.Compare) and "__name__" in {dotted_name(test.left), *map(dotted_name, test.comparators)}


def root_name(node: ast.expr) -> str | None:
    """`a` of `a.b[c].d`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _changed_by(call: ast.Call) -> str | None:
    """The module-level object that a call statement changes: `X.update(...)`, `setattr(X, ...)`."""
    if isinstance(call.func, ast.Attribute):
        return root_name(call.func)
    if isinstance(call.func, ast.Name) and call.func.id in _MUTATING_CALLS and call.args:
        return root_name(call.args[0])
    return None


def _called(call: ast.Call) -> str | None:
    """The function of a module that a call statement calls: `f(...)`, `f(...)(...)`.

    None where it is told the file's own name: it looks into the file as it was, not at what it is given.
    """
    if "__name__" in {dotted_name(argument) for argument in call.args}:
        return None
    function = call.func
    while isinstance(function, ast.Call):
        function = function.func
    return function.id if isinstance(function, ast.Name) else None


def _guard_of(node: ast.stmt, outer: Guard) -> Guard:
    if outer == "typing" or (isinstance(node, ast.If) and dotted_name(node.test).endswith("TYPE_CHECKING")):
        return "typing"
    if isinstance(node, ast.Try | ast.TryStar):
        return outer if _only_raises(node) else "try"
    return outer or "if"


def _only_raises(node: ast.Try | ast.TryStar) -> bool:
    """Whether nothing goes on after a failure: then what the body binds is as good as bound outside of it."""
    return bool(node.handlers) and all(isinstance(handler.body[-1], ast.Raise) for handler in node.handlers)


def _headers(node: ast.stmt) -> Iterator[ast.AST]:
    """Nodes of a compound statement outside its blocks, such as `with` targets."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler):
            yield child
        elif not isinstance(child, ast.stmt | ast.match_case):
            yield from ast.walk(child)


def _blocks(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body
