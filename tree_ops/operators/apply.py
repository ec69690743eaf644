"""Which operator does what an edit asks for."""

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit, Operator
from archgraft.tree_ops.operators import (
    change_argument,
    crossover,
    delete,
    duplicate,
    insert,
    join,
    skip,
    split,
    swap,
    wrap,
)
from archgraft.tree_ops.operators.protocol import Apply
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import Tree

_APPLY: dict[Operator, Apply] = {
    "swap": swap.apply,
    "insert": insert.apply,
    "delete": delete.apply,
    "change_argument": change_argument.apply,
    "duplicate": duplicate.apply,
    "wrap": wrap.apply,
    "split": split.apply,
    "crossover": crossover.apply,
    "join": join.apply,
    "skip": skip.apply,
}


def apply_edit(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`. A compound edit's steps are applied in order."""
    outlines: dict[str, Outline] = {}
    for step in edit.steps or (edit,):
        made = _APPLY[step.operator](tree, step, draft, by_call=by_call)
        if made is None:
            return None
        outlines |= made
    return outlines
