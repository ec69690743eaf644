"""Template values that are neither plain literals nor a role: `torch.nn.GELU`, `torch.nn.Linear(in_width, 4)`.

An expression is Python source of a closed kind: dotted names of torch, calls of classes of `torch.nn`,
`functools.partial` and `types.SimpleNamespace`, literals, and the host's numbers with `*` and `//` between them. What
travels out of the sandbox or lies in a library is checked against that grammar before anything is done with it; only a
sandbox child ever evaluates one.
"""

import ast
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgraft.tree_ops.syntax import parse_expression

ROLE_NAMES = ("in_width", "out_width", "n_positions", "map_height", "map_width", "side")
"""What the host decides: `archgraft.tree_ops.contract.RoleName`."""
_CALLABLES = re.compile(r"torch\.nn\.[A-Z]\w*|torch\.(Size|device)|types\.SimpleNamespace|functools\.partial")
_DOTTED = re.compile(
    r"torch\.nn\.(functional\.)?[A-Za-z]\w*"
    r"|torch\.(relu|tanh|sigmoid|softmax|exp|sin|cos|float16|bfloat16|float32|float64|int32|int64|bool)"
)
MAX_CHARACTERS = 20_000
_MAX_REMEMBERED = 8192
"""Fitting a library to a tree asks the same few expressions about many sites."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Python source of the closed kind. Raises `ValueError` when made of anything else."""

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or len(self.text) > MAX_CHARACTERS:
            raise ValueError("an expression is a text of bounded length")
        try:
            _check(parse_expression(self.text))
        except (SyntaxError, RecursionError, MemoryError):
            raise ValueError(f"{self.text[:80]!r} is no expression") from None

    def at(self, numbers: Mapping[Any, int]) -> "Expression":
        """The expression with numbers in place of the roles."""
        return _filled(self.text, tuple((role, numbers[role]) for role in sorted(self.roles) if role in numbers))

    @property
    def roles(self) -> frozenset[str]:
        """The roles that it names."""
        return _roles(self.text)


@functools.lru_cache(maxsize=_MAX_REMEMBERED)
def _roles(text: str) -> frozenset[str]:
    names = {node.id for node in ast.walk(parse_expression(text)) if isinstance(node, ast.Name)}
    return frozenset(names & set(ROLE_NAMES))


@functools.lru_cache(maxsize=_MAX_REMEMBERED)
def _filled(text: str, numbers: tuple[tuple[str, int], ...]) -> Expression:
    return Expression(ast.unparse(_Fill(dict(numbers)).visit(parse_expression(text))))


def source_of(value: object) -> str:
    """The Python source of a template value for one host: a literal, or an expression without roles."""
    return value.text if isinstance(value, Expression) else repr(value)


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant():
            pass
        case ast.Name(id=name) if name in ROLE_NAMES:
            pass
        case ast.Attribute() if _DOTTED.fullmatch(ast.unparse(node)):
            pass
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            _check_number(left)
            _check_number(right)
        case ast.BinOp(left=left, op=ast.FloorDiv(), right=ast.Constant(value=int(divisor))) if divisor > 0:
            _check_number(left)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                _check(item)
        case ast.Dict(keys=keys, values=values):
            if None in keys:
                raise ValueError("an expression holds no ** entries")
            for item in [*(key for key in keys if key is not None), *values]:
                _check(item)
        case ast.Call(func=func, args=args, keywords=keywords) if _CALLABLES.fullmatch(ast.unparse(func)):
            for argument in [*args, *(keyword.value for keyword in keywords)]:
                _check(argument)
            if any(keyword.arg is None for keyword in keywords):
                raise ValueError("an expression holds no ** arguments")
        case _:
            raise ValueError(f"{ast.unparse(node)[:80]!r} may not stand in an expression")


def _check_number(node: ast.expr) -> None:
    """Powers of tuples and texts would be memory bombs: only roles and whole numbers are multiplied or divided."""
    match node:
        case ast.Constant(value=int()) | ast.Name():
            _check(node)
        case ast.BinOp():
            _check(node)
        case _:
            raise ValueError("only roles and whole numbers are multiplied or divided in an expression")


class _Fill(ast.NodeTransformer):
    """Puts numbers in place of roles and works the arithmetic out."""

    def __init__(self, numbers: Mapping[Any, int]) -> None:
        self._numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self._numbers[node.id]) if node.id in self._numbers else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if not isinstance(left, ast.Constant) or not isinstance(right, ast.Constant):
            return ast.BinOp(left, node.op, right)
        if isinstance(node.op, ast.Mult):
            return ast.Constant(left.value * right.value)  # type: ignore[operator]  # checked when it was made
        return ast.Constant(left.value // right.value)  # type: ignore[operator]
