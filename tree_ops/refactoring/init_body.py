"""Adds statements to a constructor, at the place that a careful author would choose."""

from collections.abc import Sequence

import libcst as cst
from libcst import matchers

from archgraft.tree_ops.errors import SourceError

_INITIALISES = (
    "apply",
    "init_weights",
    "_init_weights",
    "initialize_weights",
    "_initialize_weights",
    "reset_parameters",
)
_ALL_MODULES = ("modules", "parameters", "named_parameters", "named_modules")


def extended_init(
    module: cst.Module, function: cst.FunctionDef, statements: Sequence[str], *, before_initialisation: bool
) -> cst.FunctionDef:
    """The function with statements more: at its end, or before it initialises the weights of all its modules.

    Raises `SourceError` where that is the same, or the function is too short to take them.
    """
    body = function.body
    if isinstance(body, cst.SimpleStatementSuite):
        return _extended_line(module, function, body, statements)
    lines = list(cst.ensure_type(body, cst.IndentedBlock).body)
    place = _end(lines)
    if before_initialisation:
        found = next((n for n, line in enumerate(lines[:place]) if _initialises(line)), None)
        if found is None:
            raise SourceError("nothing in it initialises weights")
        place = found
    new = [cst.parse_statement(text, config=module.config_for_parsing) for text in statements]
    if place < len(lines) and (leading := _blank(lines[place])):
        new[0] = new[0].with_changes(leading_lines=leading)
    lines[place:place] = new
    return function.with_changes(body=body.with_changes(body=lines))


def _end(lines: Sequence[cst.CSTNode]) -> int:
    """Behind the last statement that is no return."""
    is_return = matchers.SimpleStatementLine(body=[matchers.ZeroOrMore(), matchers.Return(), matchers.ZeroOrMore()])
    return len(lines) - 1 if lines and matchers.matches(lines[-1], is_return) else len(lines)


def _blank(line: cst.CSTNode) -> list[cst.EmptyLine]:
    leading: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return [one for one in leading if one.comment is None][:1]


def _initialises(line: cst.CSTNode) -> bool:
    """Whether a statement calls `self.apply(...)` or the like, or loops over all modules."""
    names = matchers.OneOf(*(matchers.Name(name) for name in (*_INITIALISES, *_ALL_MODULES)))
    call = matchers.Call(func=matchers.Attribute(value=matchers.Name("self"), attr=names))
    if isinstance(line, cst.For):
        return bool(matchers.findall(line.iter, call))
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    on_self = matchers.Call(
        func=matchers.Attribute(
            value=matchers.Name("self"), attr=matchers.OneOf(*(matchers.Name(name) for name in _INITIALISES))
        )
    )
    return any(isinstance(one, cst.Expr) and matchers.matches(one.value, on_self) for one in line.body)


def _extended_line(
    module: cst.Module, function: cst.FunctionDef, body: cst.SimpleStatementSuite, statements: Sequence[str]
) -> cst.FunctionDef:
    """A function on one line stays on one line, where the statements are simple."""
    small: list[cst.BaseSmallStatement] = []
    for text in statements:
        line = cst.parse_statement(text, config=module.config_for_parsing)
        if not isinstance(line, cst.SimpleStatementLine):
            raise SourceError("a function on one line has no room for a loop")
        small += line.body
    semicolon = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))
    kept = [*body.body[:-1], body.body[-1].with_changes(semicolon=semicolon)]
    parts = [*(one.with_changes(semicolon=semicolon) for one in small[:-1]), small[-1]]
    return function.with_changes(body=body.with_changes(body=[*kept, *parts]))
