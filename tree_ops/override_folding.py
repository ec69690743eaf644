"""Keeping overrides few: what sets a module again replaces or takes in what set it before.

Three rules, each of which rebuilds the same model: what nothing sees before it is replaced is left out; of two lines at
one path, the second takes in the first's expression; and what changes the inside of a module that a composite was made
of (`x.host.conv = ...` behind `x = Grafted(x, ...)`) stands in front of the composite (`x.conv = ...`).
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from archgraft.tree_ops.module_access import accesses, path_of
from archgraft.tree_ops.overrides import Override, override
from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree_paths import joined, within

_FIRST_SLOTS = {
    "Grafted": "host",
    "GraftedBefore": "host",
    "Residual": "host",
    "ParallelSum": "host",
    "Gated": "host",
    "ConcatenateProject": "host",
    "Average": "first",
    "Chain": "0",
    "Sequential": "0",
}
"""Calls that keep their first argument as it is, and the slot where they keep it."""


def fold(lines: list[Override], new: Iterable[Override], variable: str) -> list[Override]:
    """The lines with new ones added at their end, as few as can be."""
    for line in new:
        lines = _with(lines, line, variable)
    return lines


def touches(one: Override, other: Override) -> bool:
    """Whether two lines mean something else the other way round."""
    return (
        _related(one.path, other.path)
        or any(_related(read, other.path) for read in one.reads)
        or any(_related(read, one.path) for read in other.reads)
    )


def _related(one: str, other: str) -> bool:
    return within(one, other) or within(other, one)


def _with(lines: list[Override], line: Override, variable: str) -> list[Override]:
    """The lines and one more, which climbs over what it may, and merges with what it meets."""
    if path_of(parse_expression(f"({line.expression}\n)"), variable) == line.path:
        return lines  # it sets what is there already
    above, below = list(lines), list[Override]()
    must_climb = False
    place = 0  # how many of `below` it must stand in front of, counted from the end
    while above:
        previous = above[-1]
        inner = _inside_host(previous, line, variable)
        if inner is not None:
            line, must_climb = inner, True
        elif line.is_rebuilt and previous.path != line.path and within(previous.path, line.path):
            must_climb = True
        elif _is_unseen(previous, line):
            above.pop()
            continue
        elif touches(previous, line):
            break
        below.insert(0, above.pop())
        if must_climb:
            place, must_climb = len(below), False
    merged = _merged(above[-1], line, variable) if above else None
    if merged is not None and not any(touches(above[-1], other) for other in below[: len(below) - place]):
        above.pop()
        line = merged
    split = len(below) - place
    settled = [*above, *below[:split], line]
    for later in below[split:]:
        settled = _with(settled, later, variable)
    return settled


def _is_unseen(previous: Override, line: Override) -> bool:
    """Whether what the previous line sets is gone with the new one, unread."""
    is_replaced = within(previous.path, line.path) and (previous.path == line.path or not line.is_rebuilt)
    return is_replaced and not any(_related(read, previous.path) for read in line.reads)


def _merged(previous: Override, line: Override, variable: str) -> Override | None:
    """Both lines as one, where they set the same path and the second takes what the first has set just once."""
    if previous.path != line.path or [read for read in line.reads if _related(read, line.path)] != [line.path]:
        return None
    text = SourceBytes(f"({line.expression}\n)")
    [place] = [
        found for path, found in accesses(parse_expression(f"({line.expression}\n)"), variable) if path == line.path
    ]
    if "#" in previous.expression:
        return None
    expression = text.apply([TextEdit(text.start(place), text.end(place), previous.expression)])[1:-2]
    return override(line.target, expression, variable)


def _inside_host(composite: Override, line: Override, variable: str) -> Override | None:
    """The line as it reads in front of a composite, when it changes nothing but the module the composite is made of."""
    slot = _slot_of_host(composite, variable)
    if slot is None:
        return None
    host = joined(composite.path, slot)
    if not within(line.path, host):
        return None
    others = [read for read in line.reads if not within(read, host)]
    if any(_related(read, composite.path) for read in others):
        return None
    suffix = rf"\[{slot}\]" if slot.isdecimal() else rf"\.{slot}"
    written = re.compile(rf"(?<![\w.]){re.escape(composite.target)}{suffix}(?!\w)")
    target, n_targets = written.subn(composite.target, line.target)
    expression, n_reads = written.subn(composite.target, line.expression)
    if not n_targets or n_reads != len(line.reads) - len(others):
        return None
    return replace(override(target, expression, variable), is_rebuilt=line.is_rebuilt)


def _slot_of_host(line: Override, variable: str) -> str | None:
    call = parse_expression(f"({line.expression}\n)")
    if not isinstance(call, ast.Call) or not call.args or line.reads != (line.path,):
        return None
    if path_of(call.args[0], variable) != line.path:
        return None
    return _FIRST_SLOTS.get(re.sub(r"_?\d+$", "", ast.unparse(call.func).rpartition(".")[2]))
