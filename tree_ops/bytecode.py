"""Compiles a text that is compiled again and again with small changes: unchanged blocks are kept.

A candidate's file may have thousands of lines, of which its parent's had nearly all. Compiling executes nothing; what
comes of it is handed to the sandbox, where a child runs it in place of the source.
"""

import marshal
import re
from collections.abc import Iterator
from types import CodeType

from archgraft.tree_ops.block_reading import blocks
from archgraft.tree_ops.modules import ModuleSource
from archgraft.tree_ops.recently_used import remembered_by_text
from archgraft.tree_ops.syntax import compiled

_MAX_CHARACTERS = 2**19
_POSTPONED_ANNOTATIONS = 0x1000000
"""The flag that `from __future__ import annotations` leaves on code: it counts for all that follows."""


def bytecode(source: str, filename: str) -> bytes | None:
    """A marshalled list of code objects that, executed in turn, do what the source does; None where that can't be.

    Every instruction keeps the position that it has in the source.
    """
    codes = []
    n_lines = flags = 0
    parts = list(blocks(source, filename))
    imported = {name for _, module in parts if module is not None for name in _imported(module)}
    for block, _ in parts:
        known = " ".join(sorted(imported & _words(block)))
        code = _compiled(block, known, filename, flags)
        if code is None:
            return None
        if n_lines and not flags and code.co_flags & _POSTPONED_ANNOTATIONS:
            return None  # not at the top, where Python wants it
        flags |= code.co_flags & _POSTPONED_ANNOTATIONS
        codes.append(_lower(code, n_lines - bool(known)))
        n_lines += block.count("\n")
    return marshal.dumps(codes)


def _imported(module: ModuleSource) -> Iterator[str]:
    """Names that imports bind at module level."""
    return (name for name, bindings in module.bindings.items() if any(binding.imported for binding in bindings))


@remembered_by_text(_MAX_CHARACTERS)
def _words(block: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", block))


@remembered_by_text(_MAX_CHARACTERS)
def _compiled(block: str, imported: str, filename: str, flags: int) -> CodeType | None:
    """The block's code; where there are names that other blocks import, a line that says so stands above it.

    Python loads methods of such names in its own way, and puts calls of them at other positions.
    """
    head = f"if 0: import {', '.join(imported.split())}\n" if imported else ""
    try:
        return compiled(head + block, filename, flags)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):  # the child tells what is wrong
        return None


def _lower(code: CodeType, n_lines: int) -> CodeType:
    """The code as it is when its text stands further down: positions inside are relative to its first line."""
    if not n_lines:
        return code
    constants = tuple(_lower(value, n_lines) if isinstance(value, CodeType) else value for value in code.co_consts)
    return code.replace(co_firstlineno=code.co_firstlineno + n_lines, co_consts=constants)
