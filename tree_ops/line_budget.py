"""Which constructor parameters to give up so that a module is short enough to be read.

A root class with a hundred optional layers is only as long as what its own defaults reach, once the parameters that
choose between them are fixed. As few as possible are: a parameter is left to the caller where the module stays within
the budget, or gets hardly any longer, with it. Widths, rates and sizes never count: only parameters whose default is
None, a text, a truth value, a dictionary or a class or function.
"""

import ast
from collections.abc import Collection, Sequence

from archgraft.tree_ops.constants import find_constants
from archgraft.tree_ops.fixed_parameters import constructor, optional_parameters, without_parameters
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.reach import Reached, reach

LINE_BUDGET = 300
"""Lines up to which a module counts as readable."""
_WORTH = 1.05
"""A parameter that saves less than a twentieth of the lines is left to the caller."""
_MAX_CANDIDATES = 24


def parameters_to_fix(index: SourceIndex, root: Definition) -> tuple[str, ...]:
    """The parameters of the root's constructor whose fixing brings the lines below the budget, or most of the way."""
    found = reach(index, [root], slim=lambda _: True)
    candidates = _candidates(found, root)
    if not candidates:
        return ()
    lines = _Lines(index, root, found)
    fixed = list(candidates)
    shortest, longest = lines.with_fixed(fixed), lines.with_fixed(())
    if shortest is None or longest is None or shortest * _WORTH > longest:
        return ()
    enough = max(LINE_BUDGET, int(shortest * _WORTH))
    for name in candidates:
        fewer = [other for other in fixed if other != name]
        n_fewer = lines.with_fixed(fewer)
        if n_fewer is not None and n_fewer <= enough:
            fixed = fewer
    return tuple(fixed)


def _candidates(reached: Reached, root: Definition) -> Sequence[str]:
    found = constructor(reached, root)
    if found is None:
        return ()
    defaults = optional_parameters(found[1])
    return [name for name, default in defaults.items() if _chooses_code(default)][:_MAX_CANDIDATES]


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

    def with_fixed(self, fixed: Collection[str]) -> int | None:
        """Lines of code that can run when the parameters have their defaults; None where that can't be known."""
        found = constructor(self._reached, self._root)
        assert found is not None
        piece, init = found
        texts = {piece.key: without_parameters(piece.text, init, fixed)} if fixed else {}
        reached = reach(self._index, [self._root], texts=texts, slim=lambda _: True)
        constants = find_constants(self._index, reached)
        return constants.n_live_lines() if constants is not None else None
