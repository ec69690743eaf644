"""A module's source with everything stripped that changes nothing it computes: names, documentation, annotations.

Most Hugging Face classes are copies that differ in a class prefix, so what a source itself names (its classes,
functions, constants, local variables, and parameters that no call gives by keyword) is replaced by a number in order of
appearance. What others can see keeps its name: attributes, imports, parameters given by keyword, torch's own names. So
two sources of equal normal form differ by a renaming only, and compute the same for the same arguments.
"""

import ast
import hashlib
from collections.abc import Iterable

from archgraft.tree_ops.syntax import parse

_DIGITS = 16
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def normal_form(source: str, *, numbered: bool = True) -> ast.Module:
    """The stripped syntax tree. Not `numbered`, all local names are alike: for comparing parts out of their places.

    Raises `SyntaxError`.
    """
    tree = parse(source)
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg is not None}
    top = {name: f"top:{place if numbered else ''}" for place, name in enumerate(_top_names(tree))}
    normal: ast.Module = _Normaliser(top, frozenset(keywords), numbered=numbered).visit(tree)
    return normal


def body_hash(source: str) -> str:
    """16 hexadecimal digits, equal for sources that differ by a renaming only. Raises `SyntaxError`."""
    return hashlib.sha256(ast.dump(normal_form(source)).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


class _Normaliser(ast.NodeTransformer):
    """One pass over the tree. `_names` maps what is renamed in the present scope."""

    def __init__(self, top: dict[str, str], keywords: frozenset[str], *, numbered: bool) -> None:
        self._names = top
        self._keywords = keywords
        self._numbered = numbered
        self._is_in_function = False
        self._is_in_class = False

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        node.body = _without_texts(node.body)
        outer, self._is_in_class = self._is_in_class, True
        found = self.generic_visit(node)
        self._is_in_class = outer
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = _without_texts(node.body)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        node.annotation = None
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name is not None:
            node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Inside functions an annotation does nothing; in a class body it may make a dataclass's field."""
        if not self._is_in_function:
            return self.generic_visit(node)
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value))

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """What an error says, often with the class's name, changes no result."""
        if isinstance(node.exc, ast.Call):
            node.exc.args, node.exc.keywords = [], []
        node.cause = None
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.msg = None
        return self.generic_visit(node)

    def _function(self, node: _Function) -> ast.AST:
        """A function and all inside it share one scope here; what the outermost one binds is numbered from zero."""
        if not isinstance(node, ast.Lambda):
            if not self._is_in_class:  # a method's name is an attribute
                node.name = self._names.get(node.name, node.name)
            node.returns = None
            node.body = _without_texts(node.body)
        if self._is_in_function:
            return self.generic_visit(node)
        outer, was_in_class = self._names, self._is_in_class
        self._is_in_function, self._is_in_class = True, False
        bound = (name for name in _bound(node) if name not in self._keywords)
        inner = {name: f"local:{place if self._numbered else ''}" for place, name in enumerate(dict.fromkeys(bound))}
        self._names = {**outer, **inner}
        found = self.generic_visit(node)
        self._names, self._is_in_function, self._is_in_class = outer, False, was_in_class
        return found


def _top_names(tree: ast.Module) -> list[str]:
    """Names that the module's own statements bind, but for imports, in order of appearance."""
    names: dict[str, None] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.setdefault(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            names.update(dict.fromkeys(_stored(statement)))
    return list(names)


def _bound(function: _Function) -> Iterable[str]:
    """Parameters and variables of a function and of the functions in it; `self` and what is global are left."""
    elsewhere = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.arg not in elsewhere:
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in elsewhere:
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler) and node is not function:
            yield from [node.name] if node.name is not None else []


def _stored(statement: ast.stmt) -> list[str]:
    nodes = ast.walk(statement)
    return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _without_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    """Docstrings, and other texts that stand alone, do nothing."""
    kept = [
        statement
        for statement in body
        if not (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
    ]
    return kept or [ast.Pass()]
