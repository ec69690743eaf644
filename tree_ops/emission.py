"""Prints an edited tree as source, cheapest rung first; the caller accepts what rebuilds to the intended tree.

A candidate's file ends in `build_model()`, which constructs the rootstock and then applies overrides. Rung "call"
changes the call expressions that made the nodes, where those made nothing else. Rung "override" sets modules in
`build_model()`. Text outside the change stays as its author wrote it, and definitions that nothing uses any more are
dropped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.expectation import Expectation
from archgraft.tree_ops.operators.apply import apply_edit
from archgraft.tree_ops.outline import Outlined
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree


@dataclass(frozen=True, slots=True)
class Emitted:
    """A printed offspring, still unverified, and the tree that it must rebuild to."""

    source: str
    expectation: Expectation
    rung: Literal["call", "override"]


def emissions(tree: Tree, edit: Edit, spec_of: Callable[[str], ModuleSpec]) -> Iterator[Emitted]:
    """The offspring's source by each rung that applies, cheapest first."""
    for by_call in (True, False):
        draft = Draft(tree.source, spec_of)
        outlines = apply_edit(tree, edit, draft, by_call=by_call)
        if outlines is None:
            continue
        written = draft.finish()
        rung: Literal["call", "override"] = "override" if written.n_overrides else "call"
        yield Emitted(written.source, Outlined(tree, outlines).expectation(written.names), rung)
        if written.n_overrides and not draft.n_replaced:
            return  # the next rung would say the same
