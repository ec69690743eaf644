"""Putting a subtree of another tree in a node's place."""

import re

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.operators.required import donor_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import Tree


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(_place: Place, edit: Edit, draft: Draft) -> tuple[str, Outline]:
    donor = donor_of(edit)
    own = {name for _, name, _ in donor.nodes if not name.startswith("torch.")}
    slots = {name: draft.part(donor.source, name) for name in sorted(own)}
    text = re.sub(r"(?<![\w.])[A-Za-z_]\w*(?!\w|\s*=[^=])", lambda word: slots.get(word[0], word[0]), donor.expression)
    donated = tuple((path, slots.get(name, name), arguments) for path, name, arguments in donor.nodes)
    return text, Outline(donated=donated)
