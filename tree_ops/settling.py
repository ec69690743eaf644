"""A file's overrides put in order: new ones behind old ones, folded, and rolled up where they say the same."""

import ast
import re
from collections.abc import Mapping, Sequence
from textwrap import dedent

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.module_access import path_of
from archgraft.tree_ops.override_folding import fold
from archgraft.tree_ops.override_loops import Loop, rolled_up, written_out
from archgraft.tree_ops.overrides import (
    Override,
    Owner,
    cut_out,
    edits_for,
    function_of,
    last_overrides,
    override,
    parsed,
)
from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.text_edits import SourceBytes
from archgraft.tree_ops.tree_paths import within


def settled(source: str, parent: str, owner: Owner, new: Sequence[Override], moved: Mapping[str, str | None]) -> str:
    """The source with new overrides, in as few lines as rebuild the same model.

    Lines that stand in `parent` as they are were there before; all others may have become redundant. `moved` are paths
    whose modules now stand in a slot of another, or are gone (None): lines that set something inside them follow.
    Raises `SourceError` when the source lacks the owner.
    """
    before, block, after = cut_out(source, owner)
    text, function = SourceBytes(block), function_of(block, owner)
    if function is None:
        raise SourceError(f"the source has no {owner.class_name or 'function'} to set modules in")
    old = last_overrides(text, function, owner.variable)
    lines: list[Override] = []
    loops: dict[str, ast.stmt] = {}
    for statement in old.copy():
        code = text.text(text.start(statement), text.end(statement))
        members = written_out(text, statement, owner.variable)
        if members is not None:
            loops[dedent(" " * statement.col_offset + code)] = statement
            lines += members
        elif (line := parsed(text, statement, owner.variable)) is None:
            del old[: old.index(statement) + 1]  # what can't be read is left alone, and so is all before it
            lines = []
        elif code in parent:
            lines.append(line)
        else:
            lines = fold(lines, [override(line.target, line.expression, owner.variable)], owner.variable)
    lines = [line for old_line in lines if (line := _followed(old_line, moved, owner.variable)) is not None]
    folded = rolled_up(fold(lines, new, owner.variable))
    return before + text.apply(edits_for(text, function, old, [_written(item, loops) for item in folded])) + after


def _followed(line: Override, moved: Mapping[str, str | None], variable: str) -> Override | None:
    """A line whose module moved along with what it lies in."""
    for path, slot in moved.items():
        if slot == "" or line.path == path or not within(line.path, path):
            continue
        if slot is None:
            return None
        step = f"[{slot}]" if slot.isdecimal() else f".{slot}"
        length = next(
            (end for end in range(len(line.target), 0, -1) if _path(line.target[:end], variable) == path), None
        )
        if length is None:
            return line
        inside = line.target[:length]
        place = re.compile(rf"(?<![\w.]){re.escape(inside)}(?![\w])")
        inner = f"{inside}{step}".replace("\\", r"\\")
        return override(place.sub(inner, line.target), place.sub(inner, line.expression), variable)
    return line


def _path(text: str, variable: str) -> str | None:
    try:
        return path_of(parse_expression(text), variable)
    except SyntaxError:
        return None


def _written(item: Override | Loop, loops: dict[str, ast.stmt]) -> ast.stmt | str:
    """An old statement where it says just this, else its text."""
    if isinstance(item, Loop):
        return loops.get(item.code, item.code)
    return item.statement or item.code
