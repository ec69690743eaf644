"""How alike two sources are built: the subtrees of their syntax that they share. No embedding, no learnt weights.

Weisfeiler and Lehman's relabelling (Shervashidze et al. 2011, JMLR 12, section 3) on the normal form's syntax tree: in
round k a node's label is the hash of its own kind and of its children's labels of round k - 1, so it stands for the
subtree below it to depth k. A source's signature counts the labels of rounds 1 to 3 of all expressions and statements.
"""

import ast
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from archgraft.tree_ops.normal_form import normal_form

N_ROUNDS = 3
_COUNTED = ast.expr | ast.stmt
_ENTRY = np.dtype([("label", "<u4"), ("count", "<u4")])


class Signature:
    """A source's subtrees, counted; sorted by label."""

    def __init__(self, entries: NDArray[np.void]) -> None:
        self.labels: NDArray[np.uint32] = entries["label"]
        self.counts: NDArray[np.uint32] = entries["count"]
        self.n_subtrees = int(self.counts.sum())

    @classmethod
    def of(cls, source: str) -> "Signature":
        """The signature of a Python source. Raises `SyntaxError`."""
        counter: Counter[int] = Counter()
        for round_labels in _rounds(normal_form(source, numbered=False)):
            counter.update(round_labels)
        return cls(np.array(sorted(counter.items()), dtype=_ENTRY))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Signature":
        """The inverse of `to_bytes`. Raises `ValueError` for what was not made by it."""
        return cls(np.frombuffer(data, dtype=_ENTRY))

    def to_bytes(self) -> bytes:
        """8 bytes for each distinct subtree: label and count, little endian."""
        entries = np.empty(len(self.labels), dtype=_ENTRY)
        entries["label"], entries["count"] = self.labels, self.counts
        return entries.tobytes()

    def shared(self, other: "Signature") -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The labels that both have, and how often both have them."""
        labels, mine, theirs = np.intersect1d(self.labels, other.labels, assume_unique=True, return_indices=True)
        return labels, np.minimum(self.counts[mine], other.counts[theirs])


def _rounds(tree: ast.Module) -> Iterable[list[int]]:
    """The labels of the counted nodes, round by round."""
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    children = {node: [c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.expr_context)] for node in nodes}
    labels: Mapping[ast.AST, int] = {node: _own_label(node) for node in nodes}
    for _ in range(N_ROUNDS):
        below = labels
        labels = {node: _hash(below[node], *(below[child] for child in children[node])) for node in nodes}
        yield [labels[node] for node in nodes if isinstance(node, _COUNTED)]


def _own_label(node: ast.AST) -> int:
    """The node's kind, and the name or value that it bears itself."""
    texts = [f"{field}={value!r}" for field, value in ast.iter_fields(node) if isinstance(value, str | int | float)]
    return zlib.crc32(" ".join([type(node).__name__, *texts]).encode("utf-8", "surrogatepass"))


def _hash(*labels: int) -> int:
    return zlib.crc32(b"".join(label.to_bytes(4, "little") for label in labels))
