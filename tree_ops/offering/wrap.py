"""Offers to make a composite of a node; the group's family is the form of the composite."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Form, Graft, Option
from archgraft.tree_ops.fit import projection
from archgraft.tree_ops.offering.grafting import at_output, drawn_family, graft_option, keeps_shape
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground, Reach
from archgraft.tree_ops.offering.in_place import works_in_place
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.shelf import PROJECTIONS, Cost
from archgraft.tree_ops.sites import Signature, Site

VERBS: dict[Form, str] = {
    "parallel": "add beside",
    "gate": "gate",
    "concatenate": "add beside, concatenated and projected,",
}
_GATE_SHARE = 4
"""A gate has at most a quarter of the parameters of what it gates, or as many as a few weights a channel."""
_GATE_WEIGHTS_PER_CHANNEL = 16


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer a form that is possible, at each site that does anything."""
    for site in ground.sites:
        node = site.node
        if node.definition in TRIVIAL:
            continue
        in_place = works_in_place(ground.tree, node)
        if keeps_shape(site.signature) and not in_place:
            yield Offer("wrap", node.nid, site.depth_band, "residual", 1, partial(_residual, ground, site))
        for form in VERBS:
            n_options = sum(map(len, _modules(ground, site, form).values()))
            if n_options and (form == "gate" or not in_place):
                yield Offer("wrap", node.nid, site.depth_band, form, n_options, partial(_grafted, ground, site, form))


def _residual(ground: Ground, site: Site, generator: np.random.Generator) -> Option:
    reach = ground.reach(site, generator, Cost(0, 0))
    edit = reach.edit("wrap", form="residual")
    return ground.option(site, edit, f"add a skip connection around {reach.where}", "residual", Cost(0, 0))


def _grafted(ground: Ground, site: Site, form: Form, generator: np.random.Generator) -> Option | None:
    signature = signature_for(site, form)

    def edit(reach: Reach, graft: Graft) -> Edit:
        return edit_of(reach, site, form, graft)

    places = drawn_family(_modules(ground, site, form), generator)
    return graft_option(ground, site, signature, places, generator, edit, verb=VERBS[form], family=form)


def edit_of(reach: Reach, site: Site, form: Form, graft: Graft) -> Edit:
    """The edit that makes a composite of a form; a concatenation is projected back to the node's width.

    A projection that ends the graft is left out there: the one that follows does its work.
    """
    if form != "concatenate":
        return reach.edit("wrap", form=form, graft=graft)
    width, layout = site.signature.out_width, site.signature.layout
    graft, given = _unprojected(graft, width)
    return reach.edit("wrap", form=form, graft=graft, projection=projection(width + given, width, layout))


def _unprojected(graft: Graft, width: int) -> tuple[Graft, int]:
    """A graft without the projection that it ends in, if so, and the channels that it then gives."""
    *after, last = graft.after or (None,)
    if last is None or last.name not in PROJECTIONS:
        return graft, width
    return replace(graft, after=tuple(after)), int(last.arguments[0][1])


def signature_for(site: Site, form: Form) -> Signature:
    """What a path beside the node takes and gives; a gate goes from the node's output to the same."""
    return at_output(site.signature) if form == "gate" else site.signature.plain


def _modules(ground: Ground, site: Site, form: Form) -> Mapping[str, Sequence[int]]:
    signature = signature_for(site, form)
    by_family = ground.modules(signature)
    if form != "gate":
        return by_family
    most = max(site.node.n_parameters // _GATE_SHARE, _GATE_WEIGHTS_PER_CHANNEL * signature.out_width)
    fitting = ground.shelf.fitting(signature, images=ground.images)
    small = frozenset(fitting.places[fitting.parameters <= most].tolist())
    chosen = {family: [place for place in places if place in small] for family, places in by_family.items()}
    return {family: places for family, places in chosen.items() if places}
