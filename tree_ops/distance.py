"""How far two trees are apart: a metric on what runs, cheap enough for every pair of some hundred candidates.

It counts pq-grams (Augsten, Böhlen and Gamper 2005, VLDB, section 4) of the canonical form, in which settings and
tensors hang under their nodes as leaves. A pq-gram is a node with its p - 1 ancestors and q neighbouring children, so a
change of one node touches the few grams around it, where it changes the Weisfeiler-Lehman labels of all its ancestors.
Counting takes linear time, and a pair takes one pass over two tables; an edit distance takes quadratic time and more
(Zhang and Shasha 1989).

Counts alone are a pseudometric: different trees may share all their grams. The tree's own hash is counted as one gram
more, which makes the sum of absolute differences zero for equal hashes only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archgraft.tree_ops.canonical_form import Canonical, canonical
from archgraft.tree_ops.identity import canonical_hash
from archgraft.tree_ops.tree import Tree

P, Q = 2, 3
"""Length of a gram's stem and width of its base."""
_NOTHING = ""
Profile = Mapping[tuple[str, ...], int]
"""How often a tree has each of its grams."""


def profile(tree: Tree) -> Profile:
    """A tree's grams and its hash, counted."""
    form = canonical(tree)
    counts = Counter(_grams(form, (_NOTHING,) * (P - 1)))
    counts[canonical_hash(form),] += 1
    return counts


def distance(left: Profile, right: Profile) -> int:
    """The number of grams that one has and the other lacks. A metric on trees of different hash."""
    return sum(abs(left.get(gram, 0) - right.get(gram, 0)) for gram in left.keys() | right.keys())


def normalised_distance(left: Profile, right: Profile) -> float:
    """In [0, 1]: the grams that the two don't share, of all grams of either (weighted Jaccard or Soergel distance).

    A metric, too (Lipkus 1999, Journal of Mathematical Chemistry 26; Kosub 2019, Pattern Recognition Letters 120). The
    quotient that Augsten et al. normalise by is none: it breaks the triangle inequality.
    """
    differing = distance(left, right)
    return 2 * differing / (sum(left.values()) + sum(right.values()) + differing)


def normalised_distances(profiles: Sequence[Profile]) -> NDArray[np.float64]:
    """All pairs, shape (n, n), symmetric."""
    from scipy.spatial.distance import pdist, squareform

    columns = {gram: column for column, gram in enumerate(dict.fromkeys(gram for found in profiles for gram in found))}
    counts = np.zeros((len(profiles), len(columns)), dtype=np.float64)
    for row, found in enumerate(profiles):
        counts[row, [columns[gram] for gram in found]] = list(found.values())
    sizes = counts.sum(axis=1)
    differing = squareform(pdist(counts, "cityblock"))
    found_distances: NDArray[np.float64] = 2 * differing / (sizes[:, None] + sizes[None, :] + differing)
    return found_distances


def _grams(node: Canonical, stem: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The grams anchored at a node and below it; `stem` are the labels of its ancestors."""
    stem = (*stem, node.label)[-P:]
    below = [*node.items, *(child.label for child in node.children)]
    padded = [_NOTHING] * (Q - 1) + below + [_NOTHING] * (Q - 1)
    bases = [tuple(padded[start : start + Q]) for start in range(len(below) + Q - 1)] if below else [(_NOTHING,) * Q]
    for base in bases:
        yield (*stem, *base)
    for item in node.items:
        yield (*(*stem, item)[-P:], *(_NOTHING,) * Q)
    for child in node.children:
        yield from _grams(child, stem)
