"""Edits that put one expression in the place of another: in the call that made a module, or in an override.

The call is edited where all that it makes is to be changed; what it makes besides is left alone by overriding.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.module_access import taken
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.tree import CodeSite, Node, Tree


@dataclass(frozen=True, slots=True)
class Place:
    """A node whose module is replaced. `old` is an expression for the module that stood there.

    `call` is the text of the call that makes it, where that is what gets replaced.
    """

    tree: Tree
    node: Node
    old: str
    call: str | None


Rewrite = Callable[[Place, Edit, Draft], tuple[str, Outline] | None]
"""The expression that comes to stand at a place, and the outline there; None when it can't be written."""


def rewrite_at(
    nodes: Iterable[Node], tree: Tree, edit: Edit, draft: Draft, rewrite: Rewrite, *, by_call: bool
) -> dict[str, Outline] | None:
    """Put a new expression at each node. None when it can't be done on this rung."""
    outlines: dict[str, Outline] = {}
    for site, made in _by_site(nodes).items():
        if by_call and site is not None and site.n_instances == len(made):
            if not _in_call(made, site, tree, edit, draft, rewrite, outlines):
                return None
            continue
        for node in made:
            if not node.path:
                return None
            written = _standing_in(Place(tree, node, taken(node.path), None), edit, draft, rewrite)
            if written is None:
                return None
            text, outlines[node.path] = written
            draft.override(node.path, text)
    return outlines


def nodes_of(tree: Tree, edit: Edit) -> list[Node]:
    """The nodes that a single edit is made at."""
    return [tree.nodes[nid] for nid, _ in edit.places]


def _in_call(
    made: list[Node], site: CodeSite, tree: Tree, edit: Edit, draft: Draft, rewrite: Rewrite, into: dict[str, Outline]
) -> bool:
    call = draft.read(site)
    texts = set()
    for node in made:
        written = _standing_in(Place(tree, node, call, call), edit, draft, rewrite)
        if written is None:
            return False
        text, into[node.path] = written
        texts.add(text)
        if not into[node.path].changed:
            draft.moved(node.path, next((new for old, new in into[node.path].kept if not old), None))
    return len(texts) == 1 and draft.replace(site, texts.pop())


def _standing_in(place: Place, edit: Edit, draft: Draft, rewrite: Rewrite) -> tuple[str, Outline] | None:
    """What the rewrite gives, with the attributes that other code reads off the module that stood there."""
    written = rewrite(place, edit, draft)
    reads = [] if written is None or written[1].changed else [read for read in place.node.reads if not read.is_guarded]
    if place.call is None:  # the constructors have run by then
        reads = [read for read in reads if read.when == "forward"]
    if written is None or not reads:
        return written
    values = {read.name: read.value for read in reads}
    if any(value is None or name.startswith("__") for name, value in values.items()):
        return None
    text, outline = written
    given = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{draft.adapter('with_attributes')}({text}, {given})", outline


def _by_site(nodes: Iterable[Node]) -> dict[CodeSite | None, list[Node]]:
    found: dict[CodeSite | None, list[Node]] = defaultdict(list)
    for node in nodes:
        found[node.site].append(node)
    return found
