"""Making a composite of a node: residual, a parallel sum, a gate, or a concatenation that is projected back."""

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit, Form
from archgraft.tree_ops.operators.calls import Place, nodes_of, rewrite_at
from archgraft.tree_ops.operators.required import graft_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import Tree

COMPOSITES: dict[Form, str] = {
    "residual": "Residual",
    "parallel": "ParallelSum",
    "gate": "Gated",
    "concatenate": "ConcatenateProject",
}


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    return rewrite_at(nodes_of(tree, edit), tree, edit, draft, _rewrite, by_call=by_call)


def _rewrite(place: Place, edit: Edit, draft: Draft) -> tuple[str, Outline]:
    composite = draft.adapter(COMPOSITES[edit.form])
    definitions, new = [("", composite)], []
    given = [place.old]
    if edit.form != "residual":
        given.append(draft.graft(graft_of(edit)))
        new.append("graft")
    if edit.projection is not None:
        given.append(draft.call(edit.projection))
        definitions.append(("projection", edit.projection.name.replace("nn.", "torch.nn.")))
    outline = Outline(kept=(("", "host"),), definitions=tuple(definitions), new=tuple(new))
    return f"{composite}({', '.join(given)})", outline
