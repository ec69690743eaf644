"""Overrides that say the same of several modules of one list, written as a loop; and such loops, written out."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from archgraft.tree_ops.override_folding import touches
from archgraft.tree_ops.overrides import Override, override, parsed
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes

_INDEX = "index"
_LEAST = 3
"""From this many lines on, a loop is shorter."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`for index in (0, 2): self.blocks[index].mlp = ...`: lines with the index in place of a number."""

    indices: tuple[int, ...]
    lines: tuple[str, ...]

    @property
    def code(self) -> str:
        """The statement's text."""
        counted = self.indices == tuple(range(len(self.indices)))
        over = f"range({len(self.indices)})" if counted else f"({', '.join(map(str, self.indices))})"
        return "\n".join([f"for {_INDEX} in {over}:", *(f"    {line}" for line in self.lines)])


def written_out(text: SourceBytes, loop: ast.stmt, variable: str) -> list[Override] | None:
    """The overrides that a loop stands for, in the order in which they happen; None when it isn't such a loop."""
    if not isinstance(loop, ast.For) or loop.orelse or not isinstance(loop.target, ast.Name):
        return None
    indices = _indices(loop.iter)
    assert loop.end_lineno is not None
    if indices is None or loop.target.id != _INDEX or "#" in text.text(*text.lines_span(loop.lineno, loop.end_lineno)):
        return None
    found = []
    for index in indices:
        for statement in loop.body:
            code = text.text(text.start(statement), text.end(statement))
            single = re.sub(rf"\[{_INDEX}\]", f"[{index}]", code)
            if re.search(rf"\b{_INDEX}\b(?!\s*=[^=])", single):
                return None
            line = parsed(SourceBytes(single), parse(single).body[0], variable)
            if line is None:
                return None
            found.append(override(line.target, line.expression, variable))
    return found


def rolled_up(lines: Sequence[Override]) -> list[Override | Loop]:
    """The lines with those that differ in nothing but an index made a loop, where that leaves the model the same."""
    result: list[Override | Loop] = []
    left = list(lines)
    while left:
        group = max((_alike(left, *place) for place in _indexed_places(left[0])), key=len, default=_NO_GROUP)
        if len(group) < _LEAST or all(line.statement is not None for line in group.lines):
            result.append(left.pop(0))
            continue
        previous = result[-1] if result else None
        if isinstance(previous, Loop) and previous.indices == group.indices:
            result[-1] = Loop(group.indices, (*previous.lines, group.code))
        else:
            result.append(Loop(group.indices, (group.code,)))
        members = {id(line) for line in group.lines}
        left = [line for line in left if id(line) not in members]
    return result


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines that are one code, each with its own index."""

    code: str
    indices: tuple[int, ...]
    lines: tuple[Override, ...]

    def __len__(self) -> int:
        return len(self.lines)


_NO_GROUP = _Group("", (), ())


def _indices(expression: ast.expr) -> tuple[int, ...] | None:
    match expression:
        case ast.Call(func=ast.Name("range"), args=[ast.Constant(int(count))], keywords=[]):
            return tuple(range(count))
        case ast.Tuple(elts=items):
            values = [item.value for item in items if isinstance(item, ast.Constant)]
            return tuple(v for v in values if isinstance(v, int)) if len(values) == len(items) else None
    return None


def _indexed_places(line: Override) -> list[tuple[str, int]]:
    """Each (`self.blocks`, 3) of a target."""
    return [(line.target[: found.start()], int(found[1])) for found in re.finditer(r"\[(\d+)\]", line.target)]


def _alike(lines: Sequence[Override], head: str, first_index: int) -> _Group:
    """The first line, and those behind it that say the same of another index and mean the same in its place."""
    code = _with_index(lines[0], head, first_index)
    indices, found = [first_index], [lines[0]]
    between: list[Override] = []
    for line in lines[1:]:
        index = next((at for start, at in _indexed_places(line) if start == head), None)
        is_alike = index is not None and _with_index(line, head, index) == code
        if is_alike and index is not None and not any(touches(line, other) for other in between):
            indices.append(index)
            found.append(line)
        else:
            between.append(line)
    if not any(touches(one, other) for place, one in enumerate(found) for other in found[:place]):
        indices.sort()
    return _Group(code, tuple(indices), tuple(found))


def _with_index(line: Override, head: str, index: int) -> str:
    """The line with its index left open; reads of other members of the list stay as they are."""
    return re.sub(rf"(?<![\w.]){re.escape(head)}\[{index}\]", lambda _: f"{head}[{_INDEX}]", line.code)
