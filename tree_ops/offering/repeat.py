"""Offers to do elsewhere in a tree what an edit of another tree did: the same module, fitted anew to each place."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Graft, Option
from archgraft.tree_ops.offering import insert, wrap
from archgraft.tree_ops.offering.grafting import graft_option
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground, Reach
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.sites import Signature, Site


def offers(ground: Ground, example: Edit) -> Iterator[Offer]:
    """One offer at each site where the example's module fits; none for edits that bring no library module."""
    place = ground.shelf.place(example.graft.module_id) if example.graft is not None else None
    if place is None:
        return
    family = example.form if example.operator == "wrap" else ground.shelf.families[place]
    for site in ground.sites:
        signature = _signature(site, example)
        open_to_it = site.node.definition not in TRIVIAL or example.operator == "insert"
        if open_to_it and ground.shelf.graft(place, signature, images=ground.images) is not None:
            draw = partial(_draw, ground, site, signature, place, example, family)
            yield Offer(example.operator, site.node.nid, site.depth_band, family, 1, draw)


def _signature(site: Site, example: Edit) -> Signature:
    match example.operator:
        case "insert":
            return insert.signature_for(site, example.form)
        case "wrap":
            return wrap.signature_for(site, example.form)
        case _:
            return site.signature


def _draw(
    ground: Ground,
    site: Site,
    signature: Signature,
    place: int,
    example: Edit,
    family: str,
    generator: np.random.Generator,
) -> Option | None:
    def edit(reach: Reach, graft: Graft) -> Edit:
        if example.operator == "wrap":
            return wrap.edit_of(reach, site, example.form, graft)
        return reach.edit(example.operator, graft=graft, form=example.form)

    removed = site.node.n_parameters if example.operator == "swap" else 0
    verb = f"as in the last edit that helped, {verb_of(example)}"
    return graft_option(ground, site, signature, [place], generator, edit, verb=verb, family=family, removed=removed)


def verb_of(edit: Edit) -> str:
    """What an edit with a graft does, as labels say it."""
    match edit.operator:
        case "insert":
            return insert.VERBS[edit.form]
        case "wrap":
            return wrap.VERBS[edit.form]
        case _:
            return "replace"
