"""Where in a candidate's file an expression stands, told from its bytecode. Runs in the sandbox child only."""

import ast
import functools
from itertools import islice
from types import CodeType
from typing import Any

from archgraft.tree_ops.syntax import parse

Span = tuple[int, int, int, int]
"""Line, column, end line, end column, as in `CodeSite`."""


@functools.cache
def position(code: CodeType, instruction: int) -> Span | None:
    """The span of the expression at an instruction offset; None when it was not recorded."""
    line, end_line, column, end_column = next(islice(code.co_positions(), instruction // 2, None))
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return line, column, end_line, end_column


def whole_call(source: str, span: Span) -> Span:
    """The span with what a method is called on: in a chain over several lines, CPython's own begins at the method."""
    line, column, *end = span
    if not _lines(source)[line - 1].encode()[:column].rstrip().endswith(b"."):
        return span
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Call) and [node.end_lineno, node.end_col_offset] == end:
            return node.lineno, node.col_offset, span[2], span[3]
    return span


@functools.cache
def _lines(source: str) -> list[str]:
    return source.split("\n")


def site(span: Span, function: str, n_instances: int) -> dict[str, Any]:
    """A `CodeSite` as JSON."""
    line, column, end_line, end_column = span
    return {
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "function": function,
        "n_instances": n_instances,
    }
