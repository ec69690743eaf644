"""What kind of module a node is, as far as its class and its code tell without running it."""

from typing import Literal, get_args

from archgraft.tree_ops.code_reading import reading_of
from archgraft.tree_ops.run_code import reached
from archgraft.tree_ops.tree import Node, Tree

Mixer = Literal["attention", "recurrent", "convolution", "mlp", "other"]
MIXERS: tuple[Mixer, ...] = get_args(Mixer)
LayerKind = Literal[
    "convolution", "linear", "normalisation", "activation", "pooling", "recurrent", "embedding", "dropout", "identity"
]
LAYER_KINDS: tuple[LayerKind, ...] = get_args(LayerKind)

_MIXER_HINTS: tuple[tuple[Mixer, tuple[str, ...]], ...] = (
    ("attention", ("attention", "attn")),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("convolution", ("conv",)),
    ("mlp", ("linear",)),
)
_LAYER_HINTS: tuple[tuple[LayerKind, tuple[str, ...]], ...] = (
    ("convolution", ("conv",)),
    ("linear", ("linear",)),
    ("normalisation", ("norm",)),
    ("pooling", ("pool",)),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("embedding", ("embed",)),
    ("dropout", ("dropout", "droppath", "stochasticdepth")),
    ("identity", ("identity",)),
    ("activation", ("relu", "elu", "sigmoid", "tanh", "swish", "silu", "mish", "softmax", "softplus", "hardswish")),
)
_ATTENTION_CALLS = frozenset({"scaled_dot_product_attention", "softmax", "multi_head_attention_forward"})


def layer_kind(node: Node) -> LayerKind | None:
    """The kind of a node without children, by its class's name; None for other classes."""
    name = node.class_name.lower()
    return next((kind for kind, hints in _LAYER_HINTS if any(hint in name for hint in hints)), None)


def mixer(tree: Tree, leaf: Node, parent: Node | None) -> Mixer:
    """How a leaf with parameters mixes what it is given: a linear layer under attention is part of the attention.

    Attention is told by its name, or by code that takes a softmax or calls torch's attention.
    """
    names = [leaf.class_name.lower(), *([parent.class_name.lower()] if parent is not None else [])]
    found = next((kind for kind, hints in _MIXER_HINTS if any(hint in name for name in names for hint in hints)), None)
    if found in (None, "mlp") and parent is not None and _attends(tree.source, parent.definition):
        return "attention"
    return found or "other"


def _attends(source: str, definition: str) -> bool:
    reading = reading_of(source)
    if not reading.is_class(definition):
        return False
    return reading.answered(("attends", definition), lambda: _calls_attention(source, definition))


def _calls_attention(source: str, definition: str) -> bool:
    return any(
        not _ATTENTION_CALLS.isdisjoint(form.reads.union(dotted.rpartition(".")[2] for dotted in form.outer))
        for form in reached(source, definition, ())
    )
