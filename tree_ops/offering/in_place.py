"""Nodes that overwrite their input: nothing else may use that input after them."""

from archgraft.tree_ops import sites
from archgraft.tree_ops.tree import Node, Tree


def works_in_place(tree: Tree, node: Node) -> bool:
    """Whether a node says of itself that it works in place, or the first of its modules that does anything does."""
    if sites.works_in_place(node):
        return True
    children = (tree.nodes[child] for child in node.children)
    called = [child for child in children if child.call_order is not None and not _hands_on(tree, child)]
    return bool(called) and works_in_place(tree, min(called, key=lambda child: child.call_order or 0))


def _hands_on(tree: Tree, node: Node) -> bool:
    """Whether a node may give its very input, as what is left where a module was deleted."""
    if node.children:
        return all(_hands_on(tree, tree.nodes[child]) for child in node.children)
    return sites.hands_on(node)


def is_behind_activation(tree: Tree, node: Node) -> bool:
    """Whether the module called just before is one of torch's without weights, which may need its own output."""
    before = [other for other in tree if not other.children and (other.call_order or 0) < (node.call_order or 0)]
    nearest = max(before, key=lambda other: other.call_order or 0, default=None)
    return nearest is not None and not nearest.n_parameters
