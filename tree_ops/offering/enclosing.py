"""The adapters around a graft of an earlier generation: they go with the module that they were made for.

A module that takes that one's place is fitted to where all of it stood, if that needs fewer adapters: so a change of
layout and its inverse cancel, and two projections in a row become one.
"""

import re
from collections.abc import Iterator

from archgraft.tree_ops.builder import ORIGIN_MARK
from archgraft.tree_ops.composites import wrapper_at
from archgraft.tree_ops.offering.ground import Ground
from archgraft.tree_ops.sites import Site
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node, Tree

_PIPELINE = "torch.nn.Sequential"
_POOLS = frozenset({"torch.nn.AvgPool1d", "torch.nn.AvgPool2d"})
_KERNELS = frozenset({"torch.nn.Conv1d", "torch.nn.Conv2d"})


def best_site(ground: Ground, site: Site, place: int) -> Site:
    """Where a library module replaces what stands at a site with the fewest adapters; the site itself on a tie."""
    around = list(_around(ground.tree, site.node))
    n_kept = sum(n_adapters for _, n_adapters in around)
    best, fewest = site, _n_adapters(ground, site, place, n_kept)
    for node, n_adapters in around:
        n_kept -= n_adapters
        wider = ground.site_at.get(node.nid)
        n_needed = None if wider is None else _n_adapters(ground, wider, place, n_kept)
        if wider is not None and n_needed is not None and (fewest is None or n_needed < fewest):
            best, fewest = wider, n_needed
    return best


def _n_adapters(ground: Ground, site: Site, place: int, n_kept: int) -> int | None:
    graft = ground.shelf.graft(place, site.signature, images=ground.images)
    return None if graft is None else graft.n_adapters + n_kept


def _around(tree: Tree, node: Node) -> Iterator[tuple[Node, int]]:
    """What encloses a node and is made of adapters alone but for it, from the inside out, each with their number."""
    is_mined = _is_mined(tree, node)
    while (parent := tree.parent_of(node.nid)) is not None:
        beside = [tree.nodes[child] for child in parent.children if child != node.nid]
        if not beside and wrapper_at(tree, parent) is not None:
            yield parent, 1
        elif beside and parent.definition == _PIPELINE and is_mined and all(map(_is_adapter, beside)):
            yield parent, len(beside)
        else:
            return
        node = parent


def _is_mined(tree: Tree, node: Node) -> bool:
    """Whether a node's class bears a library module's line of credit: a user's own layers are no adapters."""
    credited = rf"^{re.escape(ORIGIN_MARK)}.*\n(?:@.*\n)*class {re.escape(node.definition)}\b"
    return re.search(credited, tree.source, re.MULTILINE) is not None


def _is_adapter(node: Node) -> bool:
    """Whether a layer only changes a width, position by position, or pools."""
    given = {one.name: literal(one.text) for one in node.arguments if one.kind == "literal"}
    is_pointwise = node.definition in _KERNELS and given.get("kernel_size") in (1, (1,), (1, 1))
    return node.definition in _POOLS or node.definition == "torch.nn.Linear" or is_pointwise
