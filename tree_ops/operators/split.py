"""Two paths that do one module's work together: the average of two copies, or each half of its output channels.

Source: Cai et al. 2018, "Path-Level Network Transformation for Efficient Architecture Search" (arXiv 1806.02639),
section 3.1: replication with addition, and splitting with concatenation.
"""

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.source_text import call_with
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node, Tree

OUTPUT_WIDTH = {
    "torch.nn.Conv1d": "out_channels",
    "torch.nn.Conv2d": "out_channels",
    "torch.nn.Conv3d": "out_channels",
    "torch.nn.Linear": "out_features",
}
"""Layers whose output channels can be made by two layers, and the argument that counts them."""


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    rewrite = _averaged if edit.form == "average" else _halved
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, rewrite, by_call=by_call)


def output_width(node: Node) -> int:
    """The number of output channels that a layer was built with. Raises `ValueError` when its argument doesn't say."""
    name = OUTPUT_WIDTH[node.definition]
    return int(literal(next(argument.text for argument in node.arguments if argument.name == name)))


def _averaged(place: Place, _edit: Edit, draft: Draft) -> tuple[str, Outline] | None:
    copy = place.call or call_of(place.tree, place.node)
    if copy is None:
        return None
    average = draft.adapter("Average")
    outline = Outline(kept=(("", "first"),), copies=(("", "second"),), definitions=(("", average),))
    return f"{average}({place.old}, {copy})", outline


def _halved(place: Place, _edit: Edit, draft: Draft) -> tuple[str, Outline] | None:
    width, name = output_width(place.node), OUTPUT_WIDTH[place.node.definition]
    parameters = [argument.name for argument in place.node.arguments]
    halves = []
    for half in (width // 2, width - width // 2):
        if place.call is None:
            text = call_of(place.tree, place.node, {name: repr(half)})
        else:
            text = call_with(place.call, [(name, repr(half))], parameters)
        if text is None:
            return None
        halves.append(text)
    concatenated = draft.adapter("ConcatenateChannels")
    axis = -1 if place.node.definition == "torch.nn.Linear" else 1
    kind = place.node.definition
    outline = Outline(definitions=(("", concatenated), ("first", kind), ("second", kind)))
    return f"{concatenated}({', '.join(halves)}, axis={axis})", outline
