"""Offers to put a library module in a node's place."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from archgraft.tree_ops.edits import Edit, Graft, Option
from archgraft.tree_ops.offering.enclosing import best_site
from archgraft.tree_ops.offering.grafting import graft_option
from archgraft.tree_ops.offering.ground import TRIVIAL, Ground, Reach
from archgraft.tree_ops.offering.offer import Offer
from archgraft.tree_ops.sites import Site


def offers(ground: Ground) -> Iterator[Offer]:
    """One offer a family that fits, at each site that does anything."""
    for site in ground.sites:
        if site.node.definition not in TRIVIAL:
            for family, places in ground.modules(site.signature).items():
                draw = partial(_draw, ground, site, family)
                yield Offer("swap", site.node.nid, site.depth_band, family, len(places), draw)


def _draw(ground: Ground, site: Site, family: str, generator: np.random.Generator) -> Option | None:
    places = ground.modules(site.signature)[family]
    place = places[int(generator.integers(len(places)))]
    chosen = best_site(ground, site, place)
    return graft_option(
        ground,
        replace(chosen, depth_band=site.depth_band),
        chosen.signature,
        [place],
        generator,
        _edit,
        verb="replace",
        family=family,
        removed=chosen.node.n_parameters,
    )


def _edit(reach: Reach, graft: Graft) -> Edit:
    return reach.edit("swap", graft=graft)
