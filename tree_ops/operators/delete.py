"""Taking a module out: an identity stays in its slot; of a composite, the host stays alone."""

from archgraft.tree_ops.composites import composite_at, host_slot
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.module_access import taken
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.source_text import first_argument
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import joined


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    nodes = nodes_of(tree, edit)
    composites = [_composite_around(tree, node) for node in nodes]
    if all(composites):
        around = [node for node in composites if node is not None]
        return rewrite_at(around, tree, edit, draft, _unwrapped, by_call=by_call)
    return rewrite_at(nodes, tree, edit, draft, _identity, by_call=by_call)


def _composite_around(tree: Tree, node: Node) -> Node | None:
    """The composite whose branch a node is; the host is no branch, and the composite itself neither."""
    parent = tree.parent_of(node.nid)
    name = composite_at(tree, parent) if parent is not None else None
    if parent is None or name is None or node.path == joined(parent.path, host_slot(name)):
        return None
    return parent


def _unwrapped(place: Place, _edit: Edit, _draft: Draft) -> tuple[str, Outline] | None:
    name = composite_at(place.tree, place.node)
    assert name is not None
    slot = host_slot(name)
    text = taken(joined(place.node.path, slot)) if place.call is None else first_argument(place.call)
    return None if text is None else (text, Outline(kept=((slot, ""),)))


def _identity(place: Place, _edit: Edit, draft: Draft) -> tuple[str, Outline]:
    if not place.node.extra_inputs:
        return "nn.Identity()", Outline(definitions=(("", "torch.nn.Identity"),))
    ignore = draft.adapter("IgnoreExtra")
    return f"{ignore}(nn.Identity())", Outline(definitions=(("", ignore), ("module", "torch.nn.Identity")))
