"""A canonical hash of a tree: equal for models that run the same, whatever they are called or made by.

What counts and what doesn't is told in `canonical_form`. Unlike the labels of Weisfeiler and Lehman, the hash is over
the whole structure in order: nothing merges but by a collision of SHA-256.
"""

from archgraft.tree_ops.canonical_form import Canonical, canonical
from archgraft.tree_ops.code_reading import digest
from archgraft.tree_ops.tree import Tree


def tree_hash(tree: Tree) -> str:
    """32 hexadecimal digits. Raises `SyntaxError` when the tree's source is not Python."""
    return canonical_hash(canonical(tree))


def canonical_hash(form: Canonical) -> str:
    """The hash of a tree, or of a part of one, by its canonical form."""
    return digest("\n".join(repr((node.label, node.items, len(node.children))) for node in form))
