"""Setting constructor arguments: in the call's own text, or in a call written anew from the recorded arguments."""

from archgraft.tree_ops.draft import Draft, short
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.source_text import call_with
from archgraft.tree_ops.tree import Tree


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(place: Place, edit: Edit, _draft: Draft) -> tuple[str, Outline] | None:
    if place.call is None:
        text = call_of(place.tree, place.node, dict(edit.changes))
    else:
        parameters = [argument.name for argument in place.node.arguments]
        text = call_with(place.call, [(name, short(value)) for name, value in edit.changes], parameters)
    return None if text is None else (text, Outline(changed=edit.changes))
