"""Templates from arguments that worked: what grows with the width follows it, all else stays as it was. Child side.

The same class is built for two widths by the same rules; comparing the two calls number by number tells which of them
are widths, which are multiples of one, and which have nothing to do with it. The probe finds whether that holds.
"""

import ast
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from archgraft.evaluator.argument_choices import Arguments
from archgraft.evaluator.conventions import Template
from archgraft.evaluator.synthetic_config import SyntheticConfig
from archgraft.tree_ops.contract import Role
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.syntax import literal, parse_expression

MAX_DEPTH = 4


def derive(first: Arguments, second: Arguments, widths: tuple[int, int]) -> Template | None:
    """The template that gives both calls, each at its width; None when they differ in more than numbers."""
    if [name for name, _ in first] != [name for name, _ in second]:
        return None
    values = [(name, _value(one, other, widths)) for (name, one), (_, other) in zip(first, second, strict=True)]
    if any(value is _UNLIKE or name.startswith("*") for name, value in values):
        return None
    return tuple(values)


_UNLIKE = object()


def _value(first: str, second: str, widths: tuple[int, int]) -> Any:
    """A literal, a role or an expression."""
    try:
        merged = _Merge(widths).merge(parse_expression(first), parse_expression(second))
        text = ast.unparse(merged)
    except (ValueError, SyntaxError):
        return _UNLIKE
    try:
        return literal(text)
    except (ValueError, SyntaxError):
        pass
    role = _role(merged)
    if role is not None:
        return role
    try:
        return Expression(text)
    except ValueError:
        return _UNLIKE


class _Merge:
    """Walks two expressions at once; numbers that differ become the width times a ratio."""

    def __init__(self, widths: tuple[int, int]) -> None:
        self.widths = widths

    def merge(self, first: Any, second: Any) -> Any:
        """Raises `ValueError` where the two differ in anything else."""
        if type(first) is not type(second):
            raise ValueError("the calls differ in form")
        if isinstance(first, ast.Constant) and first.value != second.value:
            return self._scaled(first.value, second.value)
        if isinstance(first, ast.AST):
            fields = {name: self.merge(getattr(first, name), getattr(second, name)) for name in first._fields}
            return type(first)(**fields)
        if isinstance(first, list):
            if len(first) != len(second):
                raise ValueError("the calls differ in length")
            return [self.merge(one, other) for one, other in zip(first, second)]
        if first != second:
            raise ValueError("the calls differ in a name")
        return first

    def _scaled(self, first: Any, second: Any) -> ast.expr:
        if type(first) is not int or type(second) is not int:
            raise ValueError("the calls differ in a value that is no number")
        ratio = Fraction(first, self.widths[0])
        if ratio <= 0 or ratio != Fraction(second, self.widths[1]):
            raise ValueError("a number grows in no proportion to the width")
        factor = "" if ratio.numerator == 1 else f" * {ratio.numerator}"
        divisor = "" if ratio.denominator == 1 else f" // {ratio.denominator}"
        return parse_expression(f"in_width{factor}{divisor}")


def _role(node: ast.expr) -> Role | None:
    """`in_width * 3 // 2` as a role."""
    divisor = factor = 1
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv) and isinstance(node.right, ast.Constant):
        divisor, node = int(str(node.right.value)), node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.right, ast.Constant):
        factor, node = int(str(node.right.value)), node.left
    return Role("in_width", factor, divisor) if isinstance(node, ast.Name) and node.id == "in_width" else None


def settled(arguments: Arguments, configs: Sequence[SyntheticConfig]) -> Arguments:
    """The arguments with plain namespaces of the fields that were read, in place of configurations."""
    remaining = iter(configs)
    found = []
    for name, text in arguments:
        config = next(remaining, None) if text.startswith("configuration(") else None
        found.append((name, namespace_of(config) if config is not None else text))
    return tuple(found)


def namespace_of(config: SyntheticConfig, depth: int = 0) -> str:
    """A configuration's fields that were read, as a call of `types.SimpleNamespace`."""
    fields = []
    for name, value in sorted(config.fields_read().items()):
        if isinstance(value, SyntheticConfig):
            if depth < MAX_DEPTH:
                fields.append(f"{name}={namespace_of(value, depth + 1)}")
            continue
        text = repr(value)
        try:
            literal(text)
        except (ValueError, SyntaxError):
            continue
        fields.append(f"{name}={text}")
    return f"types.SimpleNamespace({', '.join(fields)})"
