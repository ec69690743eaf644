"""Instances of adapter classes in a tree: composites, which hold a host beside or around something, and wrappers."""

import re
from collections.abc import Iterable

from archgraft.tree_ops.draft import adapter_source
from archgraft.tree_ops.tree import Node, Tree

_HOSTS = {
    "Grafted": "host",
    "GraftedBefore": "host",
    "Residual": "host",
    "ParallelSum": "host",
    "Gated": "host",
    "ConcatenateProject": "host",
    "Average": "first",
}
WRAPPERS = frozenset(
    {
        "ChannelsFirst",
        "ChannelsLast",
        "CloneInput",
        "CloneOutput",
        "IgnoreExtra",
        "OnMap",
        "OnPositions",
        "OnRow",
        "OnSequence",
        "OnTransposed",
    }
)
"""Adapters around one module, which stands in their slot `module`."""


def host_slot(name: str) -> str:
    """The slot in which a composite keeps the module that it was made of."""
    return _HOSTS[name]


def composite_at(tree: Tree, node: Node) -> str | None:
    """The adapter class that a node is an instance of, if that is a composite."""
    return _adapter_at(tree, node, _HOSTS)


def wrapper_at(tree: Tree, node: Node) -> str | None:
    """The adapter class that a node is an instance of, if that is a wrapper."""
    return _adapter_at(tree, node, WRAPPERS)


def _adapter_at(tree: Tree, node: Node, names: Iterable[str]) -> str | None:
    """Told by its code, since names can move."""
    for name in names:
        if re.fullmatch(rf"{name}_?\d*", node.definition):
            source = adapter_source(name)
            own = source[source.index(f"class {name}(") :].rstrip()
            if own.replace(f"class {name}(", f"class {node.definition}(") in tree.source:
                return name
    return None
