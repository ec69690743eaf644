"""Breaking lines that grew too long, as black would write them. Lines that were long before stay as their author's.

Black itself would format whole definitions of others; and it brings five packages for what takes one page.
"""

import ast
from collections.abc import Collection, Iterator

from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit

MAX_COLUMNS = 120
_INDENT = "    "


def shortened(source: str, known: Collection[str]) -> str:
    """The source with its long lines broken inside calls, except those that are among the `known` lines."""
    long = {
        number
        for number, line in enumerate(source.split("\n"), start=1)
        if len(line) > MAX_COLUMNS and line not in known
    }
    if not long:
        return source
    text = SourceBytes(source)
    edits = []
    for statement in _statements(parse(source), long):
        edits += _broken_statement(text, statement)
    return text.apply(edits)


def _statements(node: ast.AST, lines: Collection[int]) -> Iterator[ast.stmt]:
    """The simple statements below a node that stand on some of the lines. No expression is looked into."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _statements(child, lines)
        elif isinstance(child, ast.stmt):
            assert child.end_lineno is not None
            if not any(child.lineno <= line <= child.end_lineno for line in lines):
                continue
            if hasattr(child, "body") or isinstance(child, ast.Match):
                yield from _statements(child, lines)
            else:
                yield child


def _broken_statement(text: SourceBytes, statement: ast.stmt) -> list[TextEdit]:
    """The change that breaks the outermost brackets which help; nothing when none do, or there are comments."""
    start, end = text.start(statement), text.end(statement)
    code = text.text(start, end)
    if "#" in code or '"""' in code or "'''" in code:
        return []
    first = text.text(text.offset(statement.lineno, 0), start)
    if all(len(each) <= MAX_COLUMNS for each in (first + code).split("\n")):
        return []  # a comment behind it makes the line long
    line = text.line(statement.lineno).decode()
    indent = line[: len(line) - len(line.lstrip())]
    best: TextEdit | None = None
    for node in ast.walk(statement):
        if (
            not isinstance(node, ast.Call | ast.List | ast.ListComp)
            or not _items(node)
            or node.lineno != node.end_lineno
        ):
            continue
        at, to = text.start(node), text.end(node)
        broken = _broken(text, node, indent)
        whole = first + text.text(start, at) + broken + text.text(to, end)
        if all(len(each) <= MAX_COLUMNS for each in whole.split("\n")):
            return [TextEdit(at, to, broken)]
        best = best or TextEdit(at, to, broken)
    return [best] if best is not None else []


def _broken(text: SourceBytes, node: ast.expr, indent: str) -> str:
    """An expression in brackets with what they hold on lines of its own: on one, or else each item on one."""
    items = _items(node)
    start, end = text.start(node), text.end(node)
    head, tail = text.text(start, text.start(items[0])), text.text(text.end(items[-1]), end)
    inner = indent + _INDENT
    content = text.text(text.start(items[0]), text.end(items[-1]))
    if isinstance(node, ast.ListComp):
        element = _fitting(text, node.elt, inner)
        return f"{head}\n{inner}{element}\n{inner}{text.text(text.end(node.elt), end - 1).strip()}\n{indent}]"
    if len(inner) + len(content) <= MAX_COLUMNS:
        return f"{head}\n{inner}{content}\n{indent}{tail.lstrip(', ')}"
    comma = "" if len(items) == 1 and isinstance(items[0], ast.Starred) else ","
    lines = [inner + _fitting(text, item, inner) + comma for item in items]
    return "\n".join([head, *lines, indent + tail.lstrip(", ")])


def _fitting(text: SourceBytes, item: ast.expr | ast.keyword, indent: str) -> str:
    written = text.text(text.start(item), text.end(item))
    value = item.value if isinstance(item, ast.keyword | ast.Starred) else item
    if len(indent) + len(written) + 1 <= MAX_COLUMNS or not _items(value):
        return written
    return text.text(text.start(item), text.start(value)) + _broken(text, value, indent)


def _items(node: ast.expr) -> list[ast.expr | ast.keyword]:
    """What stands between a call's or a list's brackets, in order; empty where it can't be broken."""
    match node:
        case ast.Call(args=[ast.GeneratorExp()]):
            return []
        case ast.Call(args=args, keywords=keywords):
            return sorted([*args, *keywords], key=lambda each: (each.lineno, each.col_offset))
        case ast.List(elts=items):
            return list(items)
        case ast.ListComp(elt=element):
            return [element]
    return []
