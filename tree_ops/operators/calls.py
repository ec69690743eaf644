"""Edits that put one expression in the place of another: in the call that made a module, or in an override.

The call is edited where all that it makes is to be changed; what it makes besides is left alone by overriding.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.overrides import taken
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
            written = rewrite(Place(tree, node, taken(node.path), None), edit, draft)
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
        written = rewrite(Place(tree, node, call, call), edit, draft)
        if written is None:
            return False
        text, into[node.path] = written
        texts.add(text)
    return len(texts) == 1 and draft.replace(site, texts.pop())


def _by_site(nodes: Iterable[Node]) -> dict[CodeSite | None, list[Node]]:
    found: dict[CodeSite | None, list[Node]] = defaultdict(list)
    for node in nodes:
        found[node.site].append(node)
    return found
