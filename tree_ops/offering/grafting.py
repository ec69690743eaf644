"""What offers of library modules share: drawing one that fits, and its option."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from archgraft.tree_ops.edits import Edit, Graft, Option
from archgraft.tree_ops.offering.ground import Ground, Reach
from archgraft.tree_ops.shelf import Cost
from archgraft.tree_ops.sites import Signature, Site

_ADAPTER_PENALTY = 0.7
_SMALL = 64
"""Parameters that make no difference."""

Build = Callable[[Reach, Graft], Edit]


def at_output(signature: Signature) -> Signature:
    """What stands behind a node: from its output to its output."""
    return replace(signature.plain, in_width=signature.out_width, in_positions=signature.out_positions)


def at_input(signature: Signature) -> Signature:
    """What stands in front of a node: from its input to its input."""
    return replace(signature.plain, out_width=signature.in_width, out_positions=signature.in_positions)


def keeps_shape(signature: Signature) -> bool:
    """Whether a node gives what it takes."""
    return signature.in_width == signature.out_width and signature.in_positions == signature.out_positions


def graft_option(
    ground: Ground,
    site: Site,
    signature: Signature,
    places: Sequence[int],
    generator: np.random.Generator,
    build: Build,
    *,
    verb: str,
    family: str,
    removed: int = 0,
) -> Option | None:
    """An option that puts one of some modules in; None when the one that was drawn is too dear with its adapters."""
    place = places[int(generator.integers(len(places)))]
    graft = ground.shelf.graft(place, signature, images=ground.images)
    if graft is None:
        return None
    cost = ground.shelf.cost(graft, signature)
    if not ground.affordable(cost):
        return None
    reach = ground.reach(site, generator, cost)
    edit = build(reach, graft)
    n_adapters = (edit.graft or graft).n_adapters
    adapters = f"{n_adapters} adapter{'' if n_adapters == 1 else 's'}"
    told = f"{ground.shelf.name(place)} ({ground.shelf.contract(place).family}, about {cost.parameters:,} parameters, "
    # Without experience, a graft about as large as what it stands in or by is the likeliest to help at equal cost.
    balance = math.exp(-abs(math.log((cost.parameters + _SMALL) / (site.node.n_parameters + _SMALL))) / 2)
    return ground.option(
        site,
        edit,
        f"{verb} {reach.where}: {told}{adapters})",
        family,
        Cost(cost.parameters - removed, cost.flops),
        balance * _ADAPTER_PENALTY**n_adapters,
    )


def drawn_family(by_family: Mapping[str, Sequence[int]], generator: np.random.Generator) -> Sequence[int]:
    """The modules of one family; uniform, so that a populous family doesn't crowd out the rest."""
    families = sorted(by_family)
    return by_family[families[int(generator.integers(len(families)))]]
