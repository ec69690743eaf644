"""What leaving out the dead parts of a piece does to its text: they go with their decorators and the comments above."""

import ast
import inspect
from collections.abc import Collection, Iterator, Sequence

from archgraft.tree_ops.links import Cut, LinkedPiece
from archgraft.tree_ops.parts import Part, dict_entries
from archgraft.tree_ops.shim_modules import shimmed_name
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit


def cut(piece: LinkedPiece, live: Collection[int]) -> Cut:
    """The piece without the parts that are not live; remembered, since helpers are part of many closures."""
    key = frozenset(live)
    if key not in piece.cuts:
        edits = tuple(_edits(piece, key, piece.source))
        piece.cuts[key] = Cut(edits, piece.source.apply(edits).rstrip("\n") if edits else piece.text)
    return piece.cuts[key]


def _edits(piece: LinkedPiece, live: Collection[int], source: SourceBytes) -> Iterator[TextEdit]:
    dead = [part for part in piece.parts.all if part.number not in live and part.parent in live]
    if not dead:
        return
    for part in dead:
        if part.kind == "decorator" and isinstance(part.node, ast.expr):
            yield TextEdit(*source.lines_span(part.node.lineno, part.node.end_lineno or 0), "")
        elif part.kind == "entry" and isinstance(part.node, ast.stmt):
            yield TextEdit(0, len(source.data), "")
    yield from _entries([part for part in dead if isinstance(part.node, ast.Tuple | ast.keyword)], piece, source)
    statements = {id(part.node) for part in dead if part.body}
    for body in {id(part.body): part.body for part in dead if part.body}.values():
        yield from _in_body(body, statements, source)


def documentation_left_out(piece: LinkedPiece, live: Collection[int]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The authors' docstrings of what is kept, with the names of the definitions around each; a shim's are ours."""
    if shimmed_name(piece.module.name) is not None:
        return
    for part in piece.parts.all:
        if part.kind == "documentation" and part.number not in live and part.parent in live:
            assert isinstance(part.node, ast.Expr)
            assert isinstance(part.node.value, ast.Constant)
            yield part.path, inspect.cleandoc(str(part.node.value.value))


def _has_own_lines(node: ast.Tuple | ast.keyword, source: SourceBytes) -> bool:
    """Whether an entry of a dict shares no line with anything else, and ends in a comma."""
    _, end = source.lines_span(1, node.end_lineno or 0)
    rest = source.text(source.end(node), end).partition("#")[0].strip()
    return rest == "," and not source.line(node.lineno)[: node.col_offset].strip()


def _in_body(body: Sequence[ast.stmt], dead: Collection[int], source: SourceBytes) -> Iterator[TextEdit]:
    if all(id(statement) in dead for statement in body):
        start = source.offset(*_first(body[0]))
        yield TextEdit(start, source.end(body[-1]), "pass")
        return
    last_live = max(number for number, statement in enumerate(body) if id(statement) not in dead)
    is_first = True
    previous_end = 0
    for number, statement in enumerate(body):
        if number > last_live:
            yield TextEdit(*source.lines_span(previous_end + 1, body[-1].end_lineno or 0), "")
            return
        if id(statement) in dead:
            following = _first(body[number + 1])[0] if number + 1 < len(body) else None
            first, last = _lines(statement, previous_end, following if is_first else None, source)
            if not is_first:
                while source.is_blank(first - 1) and first - 1 > previous_end:
                    first -= 1
            yield TextEdit(*source.lines_span(first, last), "")
        else:
            is_first = False
        previous_end = statement.end_lineno or 0


def _lines(statement: ast.stmt, previous_end: int, following: int | None, source: SourceBytes) -> tuple[int, int]:
    """First and last line to take out: comments above included, and blank lines below up to a `following` line."""
    first, column = _first(statement)
    last = statement.end_lineno or first
    while first - 1 > previous_end and source.is_comment(first - 1, column):
        first -= 1
    while following is not None and last + 1 < following and source.is_blank(last + 1):
        last += 1
    return first, last


def _first(statement: ast.stmt) -> tuple[int, int]:
    """Where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    line = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return line, statement.col_offset


def _entries(dead: Sequence[Part], piece: LinkedPiece, source: SourceBytes) -> Iterator[TextEdit]:
    """Entries of a dict go by whole lines, or, where others share these, up to the next one's start."""
    if not dead:
        return
    value: ast.expr = piece.statements[0].value  # type: ignore[attr-defined]
    keys = {part.name for part in dead}
    entries = dict_entries(value) or []
    alive = [number for number, entry in enumerate(entries) if entry.key not in keys]
    if not alive:
        yield TextEdit(source.start(value), source.end(value), "{}")
        return
    for number, entry in enumerate(entries):
        node = entry.node
        if entry.key not in keys:
            continue
        if _has_own_lines(node, source):
            previous_end = entries[number - 1].node.end_lineno if number else value.lineno
            first, last = node.lineno, node.end_lineno or 0
            while first - 1 > (previous_end or 0) and source.is_comment(first - 1, node.col_offset):
                first -= 1
            yield TextEdit(*source.lines_span(first, last), "")
        elif number < alive[-1]:
            yield TextEdit(source.start(node), source.start(entries[number + 1].node), "")
        else:
            yield TextEdit(source.end(entries[number - 1].node), source.end(node), "")
