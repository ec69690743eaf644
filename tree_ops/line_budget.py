"""Which constructor parameters to give up so that a module is short enough to be read.

A root class with a hundred optional layers is only as long as what its own defaults reach, once the parameters that
choose between them are fixed. As few as possible are: a parameter is left to the caller where the module stays within
the budget, or gets hardly any longer, with it. Widths, rates and sizes never count: only parameters whose default is
None, a text, a truth value, a dictionary or a class or function.
"""

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from archgraft.tree_ops.constants import n_live_lines
from archgraft.tree_ops.fixed_parameters import constructor, fixed_values, optional_parameters, without_parameters
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.links import link
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.scopes import all_arguments

LINE_BUDGET = 300
"""Lines up to which a module counts as readable."""
SHORT_LINES = 90
"""What is shorter keeps all its parameters."""
_SAVES = 1.05
"""Of what is over the budget, a parameter that saves less than a twentieth of the lines is left to the caller."""
_SAVES_MUCH = 1.4
"""What is within the budget loses parameters only where that saves nearly a third of its lines."""
_MAX_TRIES = 10
_MAX_CANDIDATES = 24
_FACTORY = frozenset({"device", "dtype"})
"""Where and in which type torch makes a tensor: these never choose code."""


def parameters_to_fix(index: SourceIndex, root: Definition, found: Reached, longest: int) -> dict[str, str]:
    """Constructor parameters, with their defaults, whose fixing brings the lines below the budget or near it.

    `longest` are the lines that can run while none is fixed.
    """
    candidates = selectors(found, root)
    if not candidates:
        return {}
    lines = _Lines(index, root, found)
    is_over = longest > LINE_BUDGET
    shortest = lines.with_fixed(candidates, int(longest / (_SAVES if is_over else _SAVES_MUCH)))
    if shortest is None:
        return {}
    enough = max(LINE_BUDGET if is_over else SHORT_LINES, int(shortest * _SAVES))
    lines.n_left = _MAX_TRIES
    fixed = _needed(lines, list(candidates), candidates, enough)
    init = constructor(found, root)
    assert init is not None
    return fixed_values(init[0].text, init[1], fixed)


def _needed(lines: "_Lines", fixed: list[str], group: Sequence[str], enough: int) -> list[str]:
    """The `fixed` parameters without those of the group that can be left free: tried together first, then by halves."""
    fewer = [name for name in fixed if name not in group]
    if lines.with_fixed(fewer, enough) is not None:
        return fewer
    if len(group) == 1:
        return fixed
    half = len(group) // 2
    for part in (group[:half], group[half:]):
        fixed = _needed(lines, fixed, part, enough)
    return fixed


def selectors(reached: Reached, root: Definition) -> Sequence[str]:
    """The parameters of the root's constructor that may choose what code runs."""
    found = constructor(reached, root)
    if found is None:
        return ()
    annotations = {argument.arg: argument.annotation for argument in all_arguments(found[1].args)}
    return [
        name
        for name, default in optional_parameters(found[1]).items()
        if name not in _FACTORY and not _is_number(annotations[name]) and _chooses_code(default)
    ][:_MAX_CANDIDATES]


def _is_number(annotation: ast.expr | None) -> bool:
    """Whether the annotation says that the parameter is a size or a rate, given or not."""
    words = set(re.findall(r"\w+", ast.unparse(annotation))) if annotation is not None else set()
    numeric = words & {"int", "float"}
    return bool(numeric) and words <= {"int", "float", "Optional", "Union", "None", "Tuple", "tuple", "typing"}


def _chooses_code(default: ast.expr) -> bool:
    """Whether a parameter with this default may select what code runs, and not how large anything is."""
    if isinstance(default, ast.Constant):
        return default.value is None or isinstance(default.value, str | bool)
    if isinstance(default, ast.Call):
        return isinstance(default.func, ast.Name) and default.func.id in ("partial", "dict")
    return isinstance(default, ast.Name | ast.Attribute | ast.Dict)


class _Lines:
    """How long the closure would be, estimated by the code that can run."""

    def __init__(self, index: SourceIndex, root: Definition, reached: Reached) -> None:
        self._index = index
        self._root = root
        self._reached = reached
        self.n_left = 1
        """How many more may be tried; after them, nothing is known."""

    def with_fixed(self, fixed: Collection[str], most: int | None = None) -> int | None:
        """Lines that can run when the parameters have their defaults; None for over `most`, or where it isn't known."""
        found = constructor(self._reached, self._root)
        if found is None or self.n_left <= 0:
            return None
        self.n_left -= 1
        piece, init = found
        text = without_parameters(piece.text, init, fixed)
        changed = link(self._index, piece.module, piece.piece, text)
        live = self._reached.live
        if len(changed.parts.all) != len(piece.parts.all):  # else they are the same ones, in the same order
            live = {**live, piece.key: {part.number for part in changed.parts.all}}
        pieces = {**self._reached.pieces, piece.key: changed}
        reached = replace(self._reached, pieces=pieces, live=live, _live_links={})
        return n_live_lines(self._index, reached, most)
