"""Offers to add a library module behind or in front of a node; its gate starts at zero, so nothing changes at first."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Form, Graft, Option
from archgraft.tree_ops.offering.grafting import at_input, at_output, graft_option
from archgraft.tree_ops.offering.ground import Ground, Reach
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.sites import Signature, Site

VERBS: dict[Form, str] = {"after": "add behind", "before": "add in front of"}


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer a family that fits behind or in front, at each site."""
    for site in ground.sites:
        fitting = {form: ground.modules(signature_for(site, form)) for form in VERBS}
        for family in sorted({family for by_family in fitting.values() for family in by_family}):
            n_options = sum(len(by_family.get(family, ())) for by_family in fitting.values())
            draw = partial(_draw, ground, site, family)
            yield Offer("insert", site.node.nid, site.depth_band, family, n_options, draw)


def signature_for(site: Site, form: Form) -> Signature:
    """What is put in takes and gives."""
    return at_input(site.signature) if form == "before" else at_output(site.signature)


def _draw(ground: Ground, site: Site, family: str, generator: np.random.Generator) -> Option | None:
    forms = [form for form in VERBS if family in ground.modules(signature_for(site, form))]
    form = forms[int(generator.integers(len(forms)))]
    signature = signature_for(site, form)

    def edit(reach: Reach, graft: Graft) -> Edit:
        return reach.edit("insert", graft=graft, form=form)

    places = ground.modules(signature)[family]
    return graft_option(ground, site, signature, places, generator, edit, verb=VERBS[form], family=family)
