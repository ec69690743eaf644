"""The code of one join, `x + self.attn(x)`, and the code of another in its place."""

import ast
from dataclasses import dataclass
from typing import Literal

from archgraft.tree_ops.one_line import one_line
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree import CodeSite

_SIGNS: dict[str, str] = {"add": "+", "subtract": "-", "multiply": "*"}
_CALLS = frozenset(
    ("add", "sub", "subtract", "mul", "multiply", "maximum", "max", "cat", "concat", "concatenate", "add_", "sub_")
) | {"mul_"}
_SUMS = (ast.Add, ast.Sub)
_PRODUCTS = (ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod)
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple)
_UNMOVABLE = (ast.Starred, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A join's place in the syntax tree. `written_as` tells an expression from `x += y` and from `x.add_(y)` alone."""

    node: ast.expr | ast.stmt
    parent: ast.AST
    left: ast.expr
    right: ast.expr
    written_as: Literal["expression", "augmented", "in_place"]


def join_code(method: ast.FunctionDef, site: CodeSite) -> JoinCode | None:
    """The join at a site within a method; None when it isn't written in a way that can be changed."""
    for parent in ast.walk(method):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.expr | ast.stmt) and _is_at(node, site) and not isinstance(node, ast.Expr):
                return _read(node, parent)
    return None


def _is_at(node: ast.expr | ast.stmt, site: CodeSite) -> bool:
    place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
    return place == (site.line, site.column, site.end_line, site.end_column)


def _read(node: ast.expr | ast.stmt, parent: ast.AST) -> JoinCode | None:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            found = JoinCode(node, parent, left, right, "expression")
        case ast.AugAssign(target=ast.Name() as left, op=ast.Add() | ast.Sub() | ast.Mult(), value=right):
            found = JoinCode(node, parent, left, right, "augmented")
        case ast.Call(func=func):
            operands = _operands(node)
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if operands is None or name not in _CALLS:
                return None
            if isinstance(parent, ast.Expr) and not (name.endswith("_") and isinstance(operands[0], ast.Name)):
                return None
            found = JoinCode(node, parent, *operands, "in_place" if isinstance(parent, ast.Expr) else "expression")
        case _:
            return None
    return None if isinstance(found.left, _UNMOVABLE) or isinstance(found.right, _UNMOVABLE) else found


def _operands(call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    match call:
        case ast.Call(args=[ast.List(elts=[left, right]) | ast.Tuple(elts=[left, right]), *_]):
            return left, right
        case ast.Call(args=[left, right], keywords=[]):
            return left, right
        case ast.Call(func=ast.Attribute(value=left), args=[right], keywords=[]):
            return left, right
    return None


def rewritten(text: SourceBytes, code: JoinCode, operator: str, projection: str = "", axis: int = 1) -> list[TextEdit]:
    """The changes that make another join of it, or keep one operand.

    `projection` is the expression of what projects a concatenation back, along `axis`.
    """
    if code.written_as == "augmented":
        assert isinstance(code.left, ast.Name)
        if operator == "left":
            return [_removed(text, code)]
        sign = _SIGNS.get(operator)
        value = _operand(text, code.right, "alone")
        new = (
            f"{code.left.id} {sign}= {value}"
            if sign
            else f"{code.left.id} = {_new(text, code, operator, projection, axis)}"
        )
        return [TextEdit(text.start(code.node), text.end(code.node), new)]
    new = _new(text, code, operator, projection, axis)
    if code.written_as == "in_place":
        assert isinstance(code.left, ast.Name)
        return [TextEdit(text.start(code.node), text.end(code.node), f"{code.left.id} = {new}")]
    return [_in_context(text, code, operator, new)]


def _new(text: SourceBytes, code: JoinCode, operator: str, projection: str, axis: int) -> str:
    """The new expression, without brackets around it."""
    left, right = code.left, code.right
    match operator:
        case "add" | "subtract":
            return f"{_operand(text, left, 'sum')} {_SIGNS[operator]} {_operand(text, right, 'product')}"
        case "multiply":
            return f"{_operand(text, left, 'product')} * {_operand(text, right, 'power')}"
        case "left" | "right":
            return _operand(text, left if operator == "left" else right, "alone")
    both = f"{_operand(text, left, 'alone')}, {_operand(text, right, 'alone')}"
    return f"torch.maximum({both})" if operator == "maximum" else f"{projection}(torch.cat([{both}], dim={axis}))"


def _operand(text: SourceBytes, node: ast.expr, place: Literal["sum", "product", "power", "alone"]) -> str:
    """An operand's text, in brackets where it would bind otherwise."""
    written = one_line(text.text(text.start(node), text.end(node)))
    loosest = {"sum": (*_SUMS, *_PRODUCTS, ast.Pow), "product": (*_PRODUCTS, ast.Pow), "power": (ast.Pow,), "alone": ()}
    is_tight = isinstance(node, _ATOMS) or (isinstance(node, ast.BinOp) and isinstance(node.op, loosest[place]))
    return written if is_tight or place == "alone" else f"({written})"


def _in_context(text: SourceBytes, code: JoinCode, operator: str, new: str) -> TextEdit:
    """The new expression where the old one stood, with the brackets that it needs there and no others."""
    start, end = text.start(code.node), text.end(code.node)
    before, after = text.data[:start].rstrip(), text.data[end:].lstrip()
    is_bracketed = before.endswith(b"(") and after.startswith(b")")
    kept = {"left": code.left, "right": code.right}.get(operator)
    is_atom = isinstance(kept, _ATOMS) or operator in ("maximum", "concatenate")
    is_argument = isinstance(code.parent, ast.Call) and code.node is not code.parent.func
    if is_bracketed and is_atom and not is_argument:
        return TextEdit(len(before) - 1, len(text.data) - len(after) + 1, new)
    is_inside = isinstance(code.parent, ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Subscript | ast.Compare)
    is_func = isinstance(code.parent, ast.Call) and not is_argument
    if (is_inside or is_func) and not is_bracketed and not is_atom and not _binds_alike(code, operator):
        new = f"({new})"
    return TextEdit(start, end, new)


def _binds_alike(code: JoinCode, operator: str) -> bool:
    """Whether the new sign stands as well as the old one in a chain such as `x + y + z`, on its left."""
    node, parent = code.node, code.parent
    if not (isinstance(node, ast.BinOp) and isinstance(parent, ast.BinOp) and parent.left is node):
        return False
    return isinstance(parent.op, _SUMS) and operator in _SIGNS


def _removed(text: SourceBytes, code: JoinCode) -> TextEdit:
    """Without the statement; `pass` where it was alone in its block or on its line."""
    assert isinstance(code.node, ast.stmt)
    start, end = text.start(code.node), text.end(code.node)
    blocks = [block for _, block in ast.iter_fields(code.parent) if isinstance(block, list) and code.node in block]
    first, last = text.lines_span(code.node.lineno, code.node.end_lineno or code.node.lineno)
    is_alone = text.text(first, last).strip() == text.text(start, end).strip()
    if is_alone and all(len(block) > 1 for block in blocks):
        return TextEdit(first, last, "")
    return TextEdit(start, end, "pass")
