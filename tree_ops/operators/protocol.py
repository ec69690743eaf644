"""The seam between the emission ladder and the operators."""

from typing import Protocol

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import Tree


class Apply(Protocol):
    """Writes an edit into a draft, and says what the tree must look like then."""

    def __call__(self, tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
        """The outlines by the paths of their sites, or None when this rung does not apply.

        `by_call` asks for changes in the code that makes the modules, where that makes nothing else; otherwise
        overrides are written.
        """
        ...
