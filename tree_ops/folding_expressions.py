"""Edits inside expressions: conditional expressions and short circuits that are decided, values known more simply."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archgraft.tree_ops.text_edits import SourceBytes, TextEdit

if TYPE_CHECKING:
    from archgraft.tree_ops.folding import Oracle

_BINDS_CLOSELY = (
    *(ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.Subscript, ast.Compare, ast.UnaryOp, ast.BinOp),
    *(ast.Dict, ast.List, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr),
)
_NEEDS_BRACKETS = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda)


def expression_edits(source: SourceBytes, node: ast.AST, oracle: "Oracle") -> Iterator[TextEdit]:
    """The edits of one expression, outermost first; an edited part is not looked into again."""
    if isinstance(node, ast.JoinedStr):
        return  # before Python 3.12 the parts of f-strings have no positions
    if isinstance(node, ast.expr):
        text = _simpler(source, node, oracle)
        if text is not None:
            yield TextEdit(source.start(node), source.end(node), text)
            return
    for child in ast.iter_child_nodes(node):
        yield from expression_edits(source, child, oracle)


def _simpler(source: SourceBytes, node: ast.expr, oracle: "Oracle") -> str | None:
    if isinstance(node, ast.IfExp):
        truth = oracle.truth(node.test)
        if truth is not None:
            return _text(source, node.body if truth else node.orelse)
    if isinstance(node, ast.BoolOp):
        return _shorter(source, node, oracle)
    return oracle.replacement(node)


def _shorter(source: SourceBytes, node: ast.BoolOp, oracle: "Oracle") -> str | None:
    """`and` and `or` without the operands that don't count."""
    goes_on = isinstance(node.op, ast.And)
    kept: list[ast.expr] = []
    for number, operand in enumerate(node.values):
        truth = oracle.truth(operand)
        if truth is goes_on and number + 1 < len(node.values):
            continue
        kept.append(operand)
        if truth is (not goes_on):
            break
    if len(kept) == len(node.values):
        return None
    word = " and " if goes_on else " or "
    return word.join(_text(source, operand, closely=True) for operand in kept)


def _text(source: SourceBytes, node: ast.expr, *, closely: bool = False) -> str:
    text = source.text(source.start(node), source.end(node))
    is_open = not isinstance(node, _BINDS_CLOSELY) if closely else isinstance(node, _NEEDS_BRACKETS)
    return f"({text})" if "\n" in text or is_open else text
