"""Small, exact changes to source text by position; all other characters stay as they are."""

import ast
import io
import tokenize
from collections.abc import Mapping, Sequence

from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.text_edits import Located, SourceBytes, TextEdit
from archgraft.tree_ops.tree import CodeSite

_LAYOUT = frozenset((tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT))
"""Tokens that say nothing but how a text is laid out."""


def read_site(source: str, site: CodeSite) -> str:
    """The text of the call at a site."""
    text = SourceBytes(source)
    return text.text(text.offset(site.line, site.column), text.offset(site.end_line, site.end_column))


def lines_before(text: SourceBytes, statement: ast.stmt, lines: Sequence[str]) -> TextEdit | None:
    """Lines just above a statement, indented as it is; None when other code stands before it on its line."""
    start = text.offset(statement.lineno, 0)
    indent = text.text(start, text.start(statement))
    return None if indent.strip() else TextEdit(start, start, _block(text, indent, lines))


def lines_after(text: SourceBytes, statement: ast.stmt, lines: Sequence[str]) -> TextEdit | None:
    """Lines just below a block's last statement, indented as that is; None when that shares its lines with others."""
    start = text.offset(_first_line(statement), 0)
    indent = text.text(start, start + statement.col_offset)
    assert statement.end_lineno is not None
    _, end = text.lines_span(statement.lineno, statement.end_lineno)
    rest = text.text(text.end(statement), end).strip()
    if indent.strip() or (rest and not rest.startswith("#")):
        return None
    ended = text.data[:end].endswith((b"\n", b"\r"))
    return TextEdit(end, end, ("" if ended else text.line_end) + _block(text, indent, lines))


def _block(text: SourceBytes, indent: str, lines: Sequence[str]) -> str:
    whole = "\n".join(f"{indent}{line}" if line else "" for each in lines for line in each.split("\n"))
    return f"{whole}\n".replace("\n", text.line_end)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def call_with(call: str, changes: Sequence[tuple[str, str]], parameters: Sequence[str]) -> str | None:
    """The text of a call with some arguments set; None when that can't be told from the text.

    `parameters` are the callee's parameter names in order, so that a positional argument is changed where it stands.
    Comments and line breaks inside the call stay.
    """
    wrapped = SourceBytes(f"({call}\n)")  # a call that spans lines parses only inside brackets
    expression = parse_expression(f"({call}\n)")
    if not isinstance(expression, ast.Call) or any(isinstance(a, ast.Starred) for a in expression.args):
        return None
    if _is_bare_generator(wrapped, expression):
        return None
    edits: list[TextEdit] = []
    added: list[str] = []
    for name, value in changes:
        node = _given(expression, name, parameters)
        if node is not None:
            if any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
                return None  # the name that it binds would be lost
            edits.append(TextEdit(wrapped.start(node), wrapped.end(node), value))
        elif any(keyword.arg is None for keyword in expression.keywords):
            return None
        else:
            added.append(f"{name}={value}")
    if added:
        edits.append(_appended(wrapped, expression, added))
    return wrapped.apply(edits)[1:-2]


def first_argument(call: str) -> str | None:
    """The text of a call's first positional argument; None when it has none, or hands on a whole sequence."""
    wrapped = f"({call}\n)"
    expression = parse_expression(wrapped)
    if not isinstance(expression, ast.Call) or not expression.args or isinstance(expression.args[0], ast.Starred):
        return None
    text = SourceBytes(wrapped)
    return text.text(text.start(expression.args[0]), text.end(expression.args[0]))


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """The expression with other names for some of the variables that it reads."""
    text, tree = SourceBytes(f"({expression}\n)"), parse_expression(f"({expression}\n)")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]
    return text.apply(TextEdit(text.start(node), text.end(node), names[node.id]) for node in found)[1:-2]


def _given(call: ast.Call, name: str, parameters: Sequence[str]) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    position = parameters.index(name) if name in parameters else len(call.args)
    return call.args[position] if position < len(call.args) else None


def _is_bare_generator(text: SourceBytes, call: ast.Call) -> bool:
    """Whether the only argument is a generator expression whose brackets are the call's: nothing can stand beside."""
    return (
        len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp) and text.end(call.args[0]) == text.end(call)
    )


def _appended(text: SourceBytes, call: ast.Call, added: Sequence[str]) -> TextEdit:
    """Further keywords just behind the call's last argument, on a line of their own where each argument has one."""
    last, is_comma = _last_token(text, call)
    arguments: list[Located] = [*call.args, *call.keywords]
    if not arguments:
        return TextEdit(last, last, ", ".join(added))
    newest = max(arguments, key=text.start)
    line_start = text.offset(newest.lineno, 0)
    indent = text.text(line_start, text.start(newest))
    if is_comma and not indent.strip() and newest.lineno > call.lineno:
        return TextEdit(last, last, "".join(f"{text.line_end}{indent}{each}," for each in added))
    return TextEdit(last, last, f"{' ' if is_comma else ', '}{', '.join(added)}")


def _last_token(text: SourceBytes, call: ast.Call) -> tuple[int, bool]:
    """Where what a call gives in its brackets ends, comments left out, and whether it ends in a comma."""
    end = text.end(call)
    before, is_comma = 0, False
    for token in tokenize.generate_tokens(io.StringIO(text.text(0, len(text.data))).readline):
        line = text.line(token.end[0]).decode()
        at = text.offset(token.end[0], len(line[: token.end[1]].encode()))
        if at >= end:
            break
        if token.type not in _LAYOUT:
            before, is_comma = at, token.string == ","
    return before, is_comma
