"""The one door to Python's parser.

Up to CPython 3.12 the parser keeps its recursion depth in a place that all threads share: two threads that parse at
once can fail with `SystemError: AST constructor recursion depth mismatch`. A search prints candidates in several
threads, so parsing takes turns. It holds the interpreter lock anyway; nothing is lost.

What the parser warns about in other people's code (`"\\d"`) is of no use to our users, and must not become
an error where warnings are errors.
"""

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

_TURN = threading.RLock()
_NAMELESS = "<unknown>"
"""What the parser calls a text that is in no file."""


def parse(source: str | bytes) -> ast.Module:
    """The syntax tree of a module. Raises `SyntaxError`, and `ValueError` for what is no text."""
    with _turn():
        return ast.parse(source)


def parse_expression(source: str) -> ast.expr:
    """The syntax tree of one expression. Raises `SyntaxError`."""
    with _turn():
        return ast.parse(source, mode="eval").body


def literal(text: str) -> Any:
    """The value of a Python literal. Raises `ValueError` or `SyntaxError` for anything else."""
    with _turn():
        return ast.literal_eval(text)


def compiled(source: str, filename: str, flags: int = 0) -> CodeType:
    """The code of a module; `flags` are those of `__future__`. Raises what `parse` raises, and `RecursionError`."""
    with _turn():
        code: CodeType = compile(source, filename, "exec", flags, dont_inherit=True)
    return code


@contextmanager
def _turn() -> Iterator[None]:
    """This thread's turn. The filter stays behind: taking it out again could undo what other threads do to filters."""
    with _TURN:
        warnings.filterwarnings("ignore", module=_NAMELESS)
        yield
