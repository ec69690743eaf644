"""The one door to Python's parser.

Up to CPython 3.12 the parser keeps its recursion depth in a place that all threads share: two threads that parse at
once can fail with `SystemError: AST constructor recursion depth mismatch`. A search prints candidates in several
threads, so parsing takes turns. It holds the interpreter lock anyway; nothing is lost.
"""

import ast
import threading
from typing import Any

_TURN = threading.RLock()


def parse(source: str | bytes) -> ast.Module:
    """The syntax tree of a module. Raises `SyntaxError`, and `ValueError` for what is no text."""
    with _TURN:
        return ast.parse(source)


def parse_expression(source: str) -> ast.expr:
    """The syntax tree of one expression. Raises `SyntaxError`."""
    with _TURN:
        return ast.parse(source, mode="eval").body


def literal(text: str) -> Any:
    """The value of a Python literal. Raises `ValueError` or `SyntaxError` for anything else."""
    with _TURN:
        return ast.literal_eval(text)
