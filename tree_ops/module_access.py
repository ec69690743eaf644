"""Expressions for a module of a built model: `self.stages[1].conv` for the path `stages.1.conv`, and back again."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from keyword import iskeyword

from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import joined

_INDEXED = ("torch.nn.Sequential", "torch.nn.ModuleList")
_KEYED = ("torch.nn.ModuleDict",)
_TAKEN = re.compile(r'model\.get_submodule\("([^"]*)"\)')


def taken(path: str) -> str:
    """The module at a path, as operators write it into expressions; `Access.settled` makes code of it."""
    return f'model.get_submodule("{path}")'


class Access:
    """Writes the expressions for one tree's modules, seen from the variable that holds its root."""

    def __init__(self, tree: Tree, variable: str) -> None:
        self._nodes: Mapping[str, Node] = {node.path: node for node in tree}
        self._variable = variable

    def to(self, path: str) -> str:
        """The expression for the module at a path."""
        text, at = self._variable, ""
        parts = path.split(".") if path else []
        for index, name in enumerate(parts):
            step = self._step(at, name)
            if step is None:
                return f'{text}.get_submodule("{".".join(parts[index:])}")'
            text, at = text + step, joined(at, name)
        return text

    def settled(self, expression: str) -> str:
        """The expression with what `taken` put into it as code of this place."""
        return _TAKEN.sub(lambda found: self.to(found[1]), expression)

    def _step(self, at: str, name: str) -> str | None:
        holder = self._nodes[at].definition if at in self._nodes else ""
        if holder in _INDEXED and name.isdecimal():
            return f"[{name}]"
        if holder in _KEYED:
            return f'["{name}"]'
        return f".{name}" if name.isidentifier() and not iskeyword(name) else None


def assigned(target: str, expression: str) -> str:
    """The statement that puts a module where the expression `target` finds one."""
    found = re.fullmatch(r'(.*)\.get_submodule\("([^"]*)"\)', target, re.DOTALL)
    return f'{found[1]}.set_submodule("{found[2]}", {expression})' if found else f"{target} = {expression}"


def target_and_value(statement: ast.stmt) -> tuple[ast.expr | str, ast.expr] | None:
    """What `assigned` wrote: the expression that finds the module (as text for `set_submodule`), and the new module."""
    match statement:
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=value):
            return target, value
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(value=holder, attr="set_submodule"),
                args=[ast.Constant(str(path)), value],
                keywords=[],
            )
        ):
            return f'{ast.unparse(holder)}.get_submodule("{path}")', value
    return None


def path_of(expression: ast.expr, variable: str) -> str | None:
    """The path of the module that an expression finds from a variable; None for any other expression."""
    match expression:
        case ast.Name(name):
            return "" if name == variable else None
        case ast.Attribute(value=value, attr=name):
            part = name
        case ast.Subscript(value=value, slice=ast.Constant(int() | str() as key)):
            part = str(key)
        case ast.Call(
            func=ast.Attribute(value=value, attr="get_submodule"), args=[ast.Constant(str(part))], keywords=[]
        ):
            pass
        case _:
            return None
    holder = path_of(value, variable)
    return None if holder is None else joined(holder, part)


def accesses(expression: ast.expr, variable: str) -> Iterator[tuple[str, ast.expr]]:
    """The modules that an expression takes: path and place of each; what is reached through one isn't told apart."""
    path = path_of(expression, variable)
    if path is not None:
        yield path, expression
        return
    for part in ast.iter_child_nodes(expression):
        if isinstance(part, ast.expr | ast.keyword | ast.comprehension):
            inner = part.value if isinstance(part, ast.keyword) else part
            yield from accesses(inner, variable)  # type: ignore[arg-type]  # a comprehension holds expressions, too


@lru_cache(maxsize=4096)
def paths_read(expression: str, variable: str) -> tuple[str, ...]:
    """The paths of the modules that an expression takes."""
    return tuple(path for path, _ in accesses(parse_expression(f"({expression}\n)"), variable))
