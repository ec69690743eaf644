"""Composites: adapter classes that hold a host beside or around something else."""

import re

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


def host_slot(name: str) -> str:
    """The slot in which a composite keeps the module that it was made of."""
    return _HOSTS[name]


def composite_at(tree: Tree, node: Node) -> str | None:
    """The adapter class that a node is an instance of, if that is a composite; by its code, since names can move."""
    for name in _HOSTS:
        if re.fullmatch(rf"{name}_?\d*", node.definition):
            source = adapter_source(name)
            own = source[source.index(f"class {name}(") :].rstrip()
            if own.replace(f"class {name}(", f"class {node.definition}(") in tree.source:
                return name
    return None
