"""A tree in numbers: a vector of fixed length for planners and surrogates, and counts of labels for a Gaussian process.

The vector holds what is free to know: costs, counts of kinds, widths, depth, repeats, joins. All counts and costs are
logarithms of one plus the count, so that a doubling is a step of the same size everywhere.

The labels are those of Weisfeiler and Lehman (Shervashidze et al. 2011, JMLR 12, section 3) on the containment tree
with children in order of use: after k rounds a label stands for all that lies up to k slots below a node. Counts of the
labels of all rounds, compared by a dot product, are the kernel of NAS-BOWL (Ru et al. 2021, ICLR, section 3.1).
"""

import ast
import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgraft.tree_ops.canonical_form import canonical
from archgraft.tree_ops.code_reading import digest
from archgraft.tree_ops.module_kind import LAYER_KINDS, MIXERS, layer_kind, mixer
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import Node, Shape, Tree

_ADAPTER_FILE = Path(__file__).with_name("adapter_modules.py")
JOINS = ("add", "subtract", "multiply", "maximum", "concatenate")
FEATURE_NAMES: tuple[str, ...] = (
    "log_parameters",
    "log_flops",
    "log_flops_per_parameter",
    "log_modules",
    "log_leaves",
    "depth",
    *(f"log_{kind}" for kind in LAYER_KINDS),
    *(f"share_{name}" for name in MIXERS),
    *(f"log_join_{operator}" for operator in JOINS),
    "log_adapters",
    "log_repeats",
    "share_repeated",
    "log_shared",
    "log_mean_width",
    "log_max_width",
    "log_last_width",
    "reductions",
    "log_last_positions",
    "mean_kernel",
    "log_depthwise",
    "log_dilated",
)
"""`log_...` is the logarithm to base 2 of one plus a count or size; `share_...` lies in [0, 1]."""


def features(tree: Tree) -> NDArray[np.float64]:
    """The feature vector, in the order of `FEATURE_NAMES`; shape (n_features,)."""
    values = named_features(tree)
    return np.array([values[name] for name in FEATURE_NAMES])


def named_features(tree: Tree) -> dict[str, float]:
    """The feature vector by name. Raises `SyntaxError` when the tree's source is not Python."""
    leaves = [node for node in tree if not node.children]
    return {
        "log_parameters": _log(tree.n_parameters),
        "log_flops": _log(tree.flops),
        "log_flops_per_parameter": _log(tree.flops / max(tree.n_parameters, 1)),
        "log_modules": _log(len(tree.nodes)),
        "log_leaves": _log(len(leaves)),
        "depth": float(max(tree.depth_of(node.nid) for node in tree)),
        "log_adapters": _log(sum(_is_adapter(node) for node in tree)),
        "log_shared": _log(sum(node.shared for node in tree)),
        **_kinds(leaves),
        **_shares(tree),
        **_joins(tree),
        **_repeats(tree),
        **_widths(leaves),
        **_kernels(leaves),
    }


def label_counts(tree: Tree, n_rounds: int = 3) -> Counter[str]:
    """How often each Weisfeiler-Lehman label of rounds 0 to `n_rounds` occurs.

    Round 0 is what runs in a node, without its settings; from round 1 on, settings and tensors count.
    """
    counts: Counter[str] = Counter()
    form = canonical(tree)
    labels = {id(node): node.label for node in form}
    counts.update(f"0 {label}" for label in labels.values())
    own = {id(node): digest(repr((node.label, node.items))) for node in form}
    for round_ in range(1, n_rounds + 1):
        below = labels
        labels = {id(n): digest(repr((own[id(n)], [below[id(c)] for c in n.children]))) for n in form}
        counts.update(f"{round_} {label}" for label in labels.values())
    return counts


def _is_adapter(node: Node) -> bool:
    """Merging gives a name that was taken a number."""
    return node.class_name.rstrip("0123456789_") in _adapter_names()


@cache
def _adapter_names() -> frozenset[str]:
    statements = parse(_ADAPTER_FILE.read_text(encoding="utf-8")).body
    return frozenset(statement.name for statement in statements if isinstance(statement, ast.ClassDef))


def _kinds(leaves: list[Node]) -> dict[str, float]:
    counts = Counter(layer_kind(leaf) for leaf in leaves)
    return {f"log_{kind}": _log(counts[kind]) for kind in LAYER_KINDS}


def mixer_parameters(tree: Tree) -> dict[str, int]:
    """How many parameters the leaves of each mixer hold."""
    parents = {child: node for node in tree for child in node.children}
    counts: dict[str, int] = dict.fromkeys(MIXERS, 0)
    for leaf in tree:
        if not leaf.children and leaf.n_parameters:
            counts[mixer(tree, leaf, parents.get(leaf.nid))] += leaf.n_parameters
    return counts


def _shares(tree: Tree) -> dict[str, float]:
    counts = mixer_parameters(tree)
    return {f"share_{name}": count / max(sum(counts.values()), 1) for name, count in counts.items()}


def _joins(tree: Tree) -> dict[str, float]:
    counts: Counter[str] = Counter(join.operator for node in tree for join in node.joins)
    return {f"log_join_{operator}": _log(counts[operator]) for operator in JOINS}


def _repeats(tree: Tree) -> dict[str, float]:
    """Siblings with children of their own that run the same code as the one before them: a stage's further blocks."""
    repeated: set[str] = set()
    for node in canonical(tree):
        repeated.update(
            after.nid for before, after in pairwise(node.children) if after.children and before.label == after.label
        )
    parameters = sum(tree.nodes[nid].n_parameters for nid in _outermost(tree, repeated))
    return {"log_repeats": _log(len(repeated)), "share_repeated": parameters / max(tree.n_parameters, 1)}


def _outermost(tree: Tree, nids: set[str]) -> Iterator[str]:
    paths = {tree.nodes[nid].path for nid in nids}
    for nid in nids:
        parts = tree.nodes[nid].path.split(".")
        if not any(".".join(parts[:length]) in paths for length in range(1, len(parts))):
            yield nid


def _widths(leaves: list[Node]) -> dict[str, float]:
    """Channels and positions of what weighted leaves give, in the order of calls."""
    called = sorted((leaf for leaf in leaves if leaf.call_order is not None), key=lambda leaf: leaf.call_order or 0)
    weighted = [leaf for leaf in called if leaf.output_shapes and any(len(t.shape) > 1 for t in leaf.tensors)]
    shapes = [leaf.output_shapes[0] for leaf in weighted]
    widths = [_channels(shape) for shape in shapes] or [0]
    positions = [_positions(shape) for shape in shapes] or [1]
    return {
        "log_mean_width": _log(sum(widths) / len(widths)),
        "log_max_width": _log(max(widths)),
        "log_last_width": _log(widths[-1]),
        "reductions": float(sum(after < before for before, after in pairwise(_lowest(positions)))),
        "log_last_positions": _log(next((n for n in reversed(positions) if n > 1), 1)),
    }


def _lowest(positions: list[int]) -> list[int]:
    """The least number of positions up to each point: an attention's narrow inner step is no second reduction."""
    return [min(positions[: end + 1]) for end in range(len(positions))]


def _channels(shape: Shape) -> int:
    """Of a map (B, C, H, W) the second axis, of all else the last."""
    return shape[1] if len(shape) == 4 else shape[-1]


def _positions(shape: Shape) -> int:
    return math.prod(shape[2:] if len(shape) == 4 else shape[1:-1])


def _kernels(leaves: list[Node]) -> dict[str, float]:
    """Of convolutions, by their weights (C_out, C_in / groups, ...) and settings."""
    kernels, n_depthwise, n_dilated = [], 0, 0
    for leaf in leaves:
        weight = next((tensor.shape for tensor in leaf.tensors if tensor.name == "weight"), ())
        if layer_kind(leaf) == "convolution" and len(weight) > 2:
            settings = dict(leaf.attributes)
            kernels.append(max(weight[2:]))
            n_depthwise += weight[1] == 1 and settings.get("groups", "1") != "1"
            n_dilated += settings.get("dilation", "").strip("(1, )") != ""
    mean = sum(kernels) / len(kernels) if kernels else 0.0
    return {"mean_kernel": mean, "log_depthwise": _log(n_depthwise), "log_dilated": _log(n_dilated)}


def _log(count: float) -> float:
    return math.log2(1 + count)
