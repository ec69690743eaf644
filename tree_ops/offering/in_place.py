"""Nodes that overwrite their input: nothing else may use that input after them."""

from archgraft.tree_ops import sites
from archgraft.tree_ops.tree import Node, Tree


def works_in_place(tree: Tree, node: Node) -> bool:
    """Whether a node says of itself that it works in place, or the first of its modules does."""
    if sites.works_in_place(node):
        return True
    called = [tree.nodes[child] for child in node.children if tree.nodes[child].call_order is not None]
    return bool(called) and works_in_place(tree, min(called, key=lambda child: child.call_order or 0))


def is_behind_activation(tree: Tree, node: Node) -> bool:
    """Whether the module called just before is one of torch's without weights, which may need its own output."""
    before = [other for other in tree if not other.children and (other.call_order or 0) < (node.call_order or 0)]
    nearest = max(before, key=lambda other: other.call_order or 0, default=None)
    return nearest is not None and not nearest.n_parameters
