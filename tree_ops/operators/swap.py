"""Putting a graft in a node's place."""

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.operators.required import graft_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import Tree


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(_place: Place, edit: Edit, draft: Draft) -> tuple[str, Outline]:
    graft = graft_of(edit)
    text = draft.graft(graft)
    return text, Outline(definitions=(("", draft.graft_class(graft)),), new=("",))
