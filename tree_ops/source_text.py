"""Small, exact changes to source text by position; all other characters stay as they are."""

import ast
from collections.abc import Mapping, Sequence

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.syntax import parse, parse_expression
from archgraft.tree_ops.tree import CodeSite


def _offset(source: str, line: int, column: int) -> int:
    """Character offset of a CPython position (line from 1, column in bytes of UTF-8)."""
    lines = source.splitlines(keepends=True)
    within = lines[line - 1].encode()[:column].decode()
    return sum(map(len, lines[: line - 1])) + len(within)


def read_site(source: str, site: CodeSite) -> str:
    """The text of the call at a site."""
    return source[_offset(source, site.line, site.column) : _offset(source, site.end_line, site.end_column)]


def insert_before_return(source: str, function: str, lines: Sequence[str]) -> str:
    """The source with lines added just before the last statement, a `return`, of a top-level function."""
    for statement in parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            last = statement.body[-1]
            text = source.splitlines(keepends=True)
            indent = " " * last.col_offset
            text[last.lineno - 1 : last.lineno - 1] = [f"{indent}{line}\n" for line in lines]
            return "".join(text)
    raise SourceError(f"the source has no function {function}()")


def with_imports(source: str, lines: Sequence[str]) -> str:
    """The source with import lines added where imports may first stand: behind the docstring and `__future__`."""
    text = source.splitlines(keepends=True)
    last = 0
    for statement in parse(source).body:
        is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (is_docstring or is_future):
            last = statement.lineno - 1
            break
    text[last:last] = [f"{line}\n" for line in lines]
    return "".join(text)


def call_with(call: str, changes: Sequence[tuple[str, str]], parameters: Sequence[str]) -> str | None:
    """The text of a call with some arguments set; None when that can't be told from the text.

    `parameters` are the callee's parameter names in order, so that a positional argument is changed where it stands.
    """
    wrapped = f"({call})"  # a call that spans lines parses only inside brackets
    expression = parse_expression(wrapped)
    if not isinstance(expression, ast.Call) or any(isinstance(a, ast.Starred) for a in expression.args):
        return None
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for name, value in changes:
        node = _given(expression, name, parameters)
        if node is not None:
            start, end = _span(wrapped, node)
            edits.append((start, end, value))
        elif any(keyword.arg is None for keyword in expression.keywords):
            return None
        else:
            added.append(f"{name}={value}")
    for start, end, value in sorted(edits, reverse=True):
        wrapped = wrapped[:start] + value + wrapped[end:]
    text = wrapped[1:-1]
    return _append(text, added) if added else text


def first_argument(call: str) -> str | None:
    """The text of a call's first positional argument; None when it has none, or hands on a whole sequence."""
    wrapped = f"({call})"
    expression = parse_expression(wrapped)
    if not isinstance(expression, ast.Call) or not expression.args or isinstance(expression.args[0], ast.Starred):
        return None
    start, end = _span(wrapped, expression.args[0])
    return wrapped[start:end]


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """The expression with other names for some of the variables that it reads."""
    found = [node for node in ast.walk(parse_expression(expression)) if isinstance(node, ast.Name) and node.id in names]
    for start, end, name in sorted(((*_span(expression, node), names[node.id]) for node in found), reverse=True):
        expression = expression[:start] + name + expression[end:]
    return expression


def _given(call: ast.Call, name: str, parameters: Sequence[str]) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    position = parameters.index(name) if name in parameters else len(call.args)
    return call.args[position] if position < len(call.args) else None


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return _offset(text, node.lineno, node.col_offset), _offset(text, node.end_lineno, node.end_col_offset)


def _append(call: str, added: Sequence[str]) -> str:
    """Further keywords just before the call's closing bracket."""
    body = call[: call.rindex(")")].rstrip()
    comma = "" if body.endswith(("(", ",")) else ","
    space = "" if body.endswith("(") else " "
    return f"{body}{comma}{space}{', '.join(added)})"
