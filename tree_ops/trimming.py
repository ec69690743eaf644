"""The seam for passes that shorten code by what they know: they rewrite pieces, and what nobody reaches then goes.

Extraction reaches, asks for shorter texts, and reaches again with these in place of the authors' own, until nothing
changes. Every name that only the removed code used is gone by itself then.
"""

from collections.abc import Mapping
from typing import Protocol

from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.links import PieceKey
from archgraft.tree_ops.reach import Reached


class Trimming(Protocol):
    """A pass over everything that is reached.

    Returns new texts of pieces, made from `reached.pieces[key].text` (which earlier rounds may have shortened). A text
    must bind the names that it bound before, as far as they are used, and must not grow for ever.
    """

    def __call__(self, index: SourceIndex, reached: Reached) -> Mapping[PieceKey, str]: ...
