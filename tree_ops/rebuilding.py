"""Expressions that build a node anew, from what was recorded when it was made."""

from collections.abc import Mapping

from archgraft.tree_ops.draft import short
from archgraft.tree_ops.tree import Node, Tree

_CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList")


def call_of(tree: Tree, node: Node, changes: Mapping[str, str] | None = None) -> str | None:
    """A call that builds the node, with some arguments changed; None when one can't be written.

    Containers that were given modules are written with calls of these. What has been set in a node after it was built
    is not in the call: whoever uses it compares what it builds with the node.
    """
    if node.definition in _CONTAINERS and not changes:
        return _container(tree, node)
    if any(argument.kind == "opaque" or argument.name.startswith("*") for argument in node.arguments):
        return None
    values = {argument.name: argument.text for argument in node.arguments} | dict(changes or {})
    return short(f"{node.definition}({', '.join(f'{key}={value}' for key, value in values.items())})")


def _container(tree: Tree, node: Node) -> str | None:
    names = [tree.nodes[child].path.rpartition(".")[2] for child in node.children]
    calls = [call_of(tree, tree.nodes[child]) for child in node.children]
    if names != [str(index) for index in range(len(names))] or None in calls:
        return None
    listed = ", ".join(str(call) for call in calls)
    return f"nn.ModuleList([{listed}])" if node.definition.endswith("ModuleList") else f"nn.Sequential({listed})"
