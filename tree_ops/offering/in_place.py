"""Nodes that overwrite their input: nothing else may use that input after them."""

from archgraft.tree_ops.tree import Node, Tree


def works_in_place(tree: Tree, node: Node) -> bool:
    """Whether a node says of itself that it works in place, or the first of its modules does."""
    if any(argument.name == "inplace" and argument.text == "True" for argument in node.arguments):
        return True
    called = [tree.nodes[child] for child in node.children if tree.nodes[child].call_order is not None]
    return bool(called) and works_in_place(tree, min(called, key=lambda child: child.call_order or 0))
