"""A second node like another, right behind it."""

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.tree import Tree


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(place: Place, _edit: Edit, draft: Draft) -> tuple[str, Outline] | None:
    copy = place.call or call_of(place.tree, place.node)
    if copy is None:
        return None
    chain, definition = "nn.Sequential", "torch.nn.Sequential"
    if place.node.extra_inputs:
        chain = definition = draft.adapter("Chain")
    outline = Outline(kept=(("", "0"),), copies=(("", "1"),), definitions=(("", definition),))
    return f"{chain}({place.old}, {copy})", outline
