"""Extraction's pass that folds what is constant: flags, registries nobody asks, code for arguments nobody gives."""

from collections.abc import Callable, Collection, Mapping

from archgraft.tree_ops.constants import find_constants
from archgraft.tree_ops.cutting import cut
from archgraft.tree_ops.fixed_parameters import constructor, optional_parameters, without_parameters
from archgraft.tree_ops.folding import fold
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.links import PieceKey
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.text_edits import SourceBytes

SMALL_LINES = 60
"""What is shorter is left as it is: nothing there is worth the time."""


class Folding:
    """A `Trimming`: pieces without the branches that can't run.

    The root class loses its `fixed` constructor parameters; their defaults count as constants. Code stays that
    constructor parameters decide whose name `is_open`: these may be changed later on.
    """

    def __init__(
        self,
        fixed: Collection[str] = (),
        small_lines: int = SMALL_LINES,
        is_open: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._fixed = frozenset(fixed)
        self._small_lines = small_lines
        self._is_open = is_open
        self.n_live_lines: int | None = None
        """Lines that could run at the last look; None where that wasn't found out."""

    def __call__(self, index: SourceIndex, reached: Reached) -> Mapping[PieceKey, str]:
        """The new texts of pieces that get shorter."""
        if self._fixed and (texts := self._without_parameters(reached)):
            return texts
        pieces = [piece for piece in reached.pieces.values() if reached.slim(piece.module.name)]
        self.n_live_lines = None
        if n_lines(reached) < self._small_lines:
            return {}
        constants = find_constants(index, reached, self._is_open)
        if constants is None:
            return {}
        self.n_live_lines = constants.n_live_lines
        texts = {}
        unasked = constants.unasked_entries()
        for piece in pieces:
            if piece.key in unasked:
                everything = {part.number for part in piece.parts.all}
                texts[piece.key] = cut(piece, everything - unasked[piece.key]).text
                continue
            if piece.key not in constants.decided_in:
                continue
            edits = fold(piece.text, piece.statements, constants).edits
            if edits:
                texts[piece.key] = SourceBytes(piece.text).apply(edits)
        return texts

    def _without_parameters(self, reached: Reached) -> dict[PieceKey, str]:
        found = constructor(reached, reached.roots[0])
        if found is None or self._fixed.isdisjoint(optional_parameters(found[1])):
            return {}
        piece, init = found
        return {piece.key: without_parameters(piece.text, init, self._fixed)}


def n_lines(reached: Reached) -> int:
    """Lines of code that is reached, imports left out."""
    return sum(reached.text(piece).count("\n") + 1 for piece in reached.pieces.values() if not piece.piece.is_import)
