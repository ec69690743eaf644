"""Prints an edited tree as source, cheapest rung first; the caller accepts what rebuilds to the intended tree.

A candidate's file ends in `build_model()`, which constructs the model. Rung "call" changes the code that made the
nodes, where that made nothing else. Rung "init" sets modules at the end of the model's own `__init__`, behind all that
reads them; rung "builder" in `build_model()`. Text outside the change stays as its author wrote it, and definitions
that nothing uses any more are dropped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from archgraft.tree_ops.draft import Draft, Written
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.expectation import Expectation
from archgraft.tree_ops.operators.apply import apply_edit
from archgraft.tree_ops.outline import Outlined
from archgraft.tree_ops.overrides import IN_BUILDER, Owner, owner_in_init
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree

Rung = Literal["call", "init", "builder"]


@dataclass(frozen=True, slots=True)
class Emitted:
    """A printed offspring, still unverified, and the tree that it must rebuild to."""

    source: str
    expectation: Expectation
    rung: Rung


def emissions(tree: Tree, edit: Edit, spec_of: Callable[[str], ModuleSpec]) -> Iterator[Emitted]:
    """The offspring's source by each rung that applies, cheapest first."""
    in_init = owner_in_init(tree.source, tree)
    seen: set[str] = set()
    for by_call, owner in ((True, in_init or IN_BUILDER), (False, in_init), (False, IN_BUILDER)):
        if owner is None:
            continue
        draft = Draft(tree, spec_of, owner)
        outlines = apply_edit(tree, edit, draft, by_call=by_call)
        if outlines is None:
            continue
        written = draft.finish()
        if written.source in seen:
            continue
        seen.add(written.source)
        yield Emitted(written.source, Outlined(tree, outlines).expectation(written.names), _rung(written, owner))


def _rung(written: Written, owner: Owner) -> Rung:
    if not written.n_overrides:
        return "call"
    return "init" if owner.class_name else "builder"
