"""Putting a subtree of another tree in a node's place."""

from collections.abc import Mapping
from dataclasses import replace

from archgraft.tree_ops.donors import defined_in, names_in
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.operators.required import donor_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.source_text import renamed
from archgraft.tree_ops.tree import Argument, Tree
from archgraft.tree_ops.tree_paths import joined


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(place: Place, edit: Edit, draft: Draft) -> tuple[str, Outline]:
    donor = donor_of(edit)
    used = names_in(donor.expression) | {definition.partition(".")[0] for _, definition, _ in donor.nodes}
    for _, _, arguments in donor.nodes:
        used = used.union(*(names_in(argument.text) for argument in arguments if argument.kind == "reference"))
    slots = {name: draft.part(donor.source, name) for name in sorted(used & defined_in(donor.source))}
    donated = tuple(
        (path, renamed(definition, slots), tuple(_renamed(argument, slots) for argument in arguments))
        for path, definition, arguments in donor.nodes
    )
    text = renamed(donor.expression, slots)
    if donor.extra_inputs or not place.node.extra_inputs:
        return text, Outline(donated=donated)
    ignore = draft.adapter("IgnoreExtra")
    inside = tuple((joined("module", path), definition, arguments) for path, definition, arguments in donated)
    return f"{ignore}({text})", Outline(definitions=(("", ignore),), donated=inside)


def _renamed(argument: Argument, slots: Mapping[str, str]) -> Argument:
    return replace(argument, text=renamed(argument.text, slots)) if argument.kind == "reference" else argument
