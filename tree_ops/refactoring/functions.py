"""Finds functions of a file by their qualified names."""

import ast
from collections.abc import Iterator, Sequence

from archgraft.tree_ops.syntax import parse


def function_named(source: str, qualified_name: str) -> ast.FunctionDef | None:
    """A function by its qualified name, such as `Net.__init__`."""
    body: Sequence[ast.stmt] = parse(source).body
    found: ast.stmt | None = None
    for part in qualified_name.split("."):
        found = next(
            (
                node
                for statement in body
                for node in _unwrapped(statement)
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == part
            ),
            None,
        )
        if found is None:
            return None
        body = found.body
    return found if isinstance(found, ast.FunctionDef) else None


def _unwrapped(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement, or those under its `if` or `try`."""
    if isinstance(statement, ast.If | ast.Try):
        for inner in (
            *statement.body,
            *statement.orelse,
            *(s for h in getattr(statement, "handlers", []) for s in h.body),
        ):
            yield from _unwrapped(inner)
    else:
        yield statement
