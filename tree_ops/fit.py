"""Which library modules fit which sites, by arithmetic on contracts: nothing runs here.

Adapters are tried in the order of the design: the module's own widths first, then a projection, a change of layout, a
pool; what would need more is not offered.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

from archgraft.tree_ops.contract import Contract, Feed, Layout
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.expressions import source_of
from archgraft.tree_ops.sites import Signature

MAX_PREFIX_TOKENS = 9
"""A class token, and as many registers as anybody gives (Darcet et al. 2023, arXiv 2309.16588, section 3.1)."""
MAX_UNTOLD_PREFIX_TOKENS = 2
"""How many may stand before the largest square, where the model shows no grid of a size of its own."""
MAX_ATTENDED_POSITIONS = 1024
"""What weighs each position against each is offered for so many: at four times as many, one batch takes gigabytes."""
MAX_TABLED_POSITIONS = 256
"""The same for modules that also learn something about each pair of positions."""

_WRAPPERS: dict[tuple[Layout, Layout], str] = {
    ("map", "sequence"): "OnSequence",
    ("map", "map_last"): "ChannelsLast",
    ("map_last", "map"): "ChannelsFirst",
    ("map_last", "vector"): "OnPositions",
    ("sequence", "vector"): "OnPositions",
    ("sequence", "signal"): "OnTransposed",
    ("signal", "sequence"): "OnTransposed",
    ("signal", "map"): "OnRow",
    ("sequence", "map"): "OnMap",
}


def fit(module_id: str, contract: Contract, site: Signature, *, images: bool, causal: bool) -> Graft | None:
    """The graft that gives the site's output from its input, or None when none is possible.

    `images` says that the model's input is a picture, so that its sequences may be patch grids; `causal`, that no
    output may depend on later positions.
    """
    if causal and not (contract.causal and contract.layout in ("sequence", "signal", "vector")):
        return None
    in_positions = site.in_positions
    n_prefix = _n_prefix(site)
    wrappers = _layout(contract, site.layout, n_prefix, images)
    stride = _stride(in_positions, site.out_positions)
    if wrappers is None or stride is None:
        return None
    if contract.layout != site.layout and contract.spatial_stride != 1:
        return None
    seen = _seen_positions(contract.layout, site.layout, in_positions, n_prefix)
    if not contract.suits_positions(seen) or not _affordable(contract, seen):
        return None
    on_map = any(adapter.name == "OnMap" for adapter in wrappers)
    widths = _widths(contract, site.in_width, site.out_width, site.layout, keeps_width=on_map)
    pool = _pool(contract, stride, site.layout)
    if widths is None or pool is None:
        return None
    core, before, after = widths
    if contract.mutates_input:
        wrappers = (Adapter("CloneInput"), *wrappers)
    wrappers = (*call_adapters(contract.feeds, contract.layout, takes_first=contract.takes_first), *wrappers)
    return Graft(
        module_id=module_id,
        arguments=sourced(**contract.arguments_for(*core, seen)),
        wrappers=tuple(wrappers),
        before=before,
        after=(*after, *pool),
        outer=_outer(site),
    )


def _outer(site: Signature) -> tuple[Adapter, ...]:
    """What shields the graft from how the host calls it, and from what the host does with its output."""
    clone = (Adapter("CloneOutput"),) if site.overwritten else ()
    return (*clone, Adapter("IgnoreExtra")) if site.extra_inputs else clone


def _affordable(contract: Contract, seen: tuple[int, ...]) -> bool:
    """Whether the memory for pairs of positions is within reason."""
    if contract.family != "attention":
        return True
    return math.prod(seen) <= (MAX_TABLED_POSITIONS if contract.is_sized else MAX_ATTENDED_POSITIONS)


def call_adapters(feeds: Sequence[Feed], layout: Layout, *, takes_first: bool) -> tuple[Adapter, ...]:
    """What makes one tensor in, one tensor out of a module that takes or gives more, innermost first."""
    found: list[Adapter] = []
    if feeds:
        first = 1 if layout in ("sequence", "map_last") else 2
        n_axes = {"map": 2, "map_last": 2, "vector": 0}.get(layout, 1)
        found.append(Adapter("FeedInputs", sourced(feeds=tuple(feeds), first=first, n_axes=n_axes)))
    if takes_first:
        found.append(Adapter("TakeFirst"))
    return tuple(found)


def _layout(contract: Contract, host: Layout, n_prefix: int | None, images: bool) -> tuple[Adapter, ...] | None:
    if contract.layout == host:
        return ()
    name = _WRAPPERS.get((host, contract.layout))
    if name is None:
        return None
    if name != "OnMap":
        return (Adapter(name),)
    if not images or n_prefix is None:
        return None
    return (Adapter(name, sourced(n_prefix=n_prefix) if n_prefix else ()),)


def _n_prefix(site: Signature) -> int | None:
    """How many tokens of a sequence stand before its square grid; None when it holds none."""
    if site.layout != "sequence" or site.in_positions[0] < 4:
        return None
    if site.n_prefix is not None:
        return site.n_prefix if site.n_prefix <= MAX_PREFIX_TOKENS else None
    n_prefix = site.in_positions[0] - math.isqrt(site.in_positions[0]) ** 2
    return n_prefix if n_prefix <= MAX_UNTOLD_PREFIX_TOKENS else None


def _seen_positions(module: Layout, host: Layout, positions: tuple[int, ...], n_prefix: int | None) -> tuple[int, ...]:
    """The position axes as the wrapped module meets them."""
    match host, module:
        case "map", "sequence":
            return (math.prod(positions),)
        case "sequence", "map":
            side = math.isqrt(positions[0] - (n_prefix or 0))
            return (side, side)
        case "signal", "map":
            return (1, *positions)
        case _:
            return () if module == "vector" else positions


@functools.lru_cache(maxsize=1024)
def _stride(taken: tuple[int, ...], given: tuple[int, ...]) -> int | None:
    """The one factor by which each position axis shrinks (rounded up), or None."""
    for stride in (1, 2, 4):
        if all(math.ceil(size / stride) == out for size, out in zip(taken, given, strict=True)):
            return stride
    return None


def _pool(contract: Contract, stride: int, layout: Layout) -> tuple[Adapter, ...] | None:
    if contract.spatial_stride == stride:
        return ()
    if contract.spatial_stride != 1:
        return None
    pools = {"map": "nn.AvgPool2d", "signal": "nn.AvgPool1d"}
    if layout not in pools:
        return None
    return (Adapter(pools[layout], sourced(kernel_size=stride, ceil_mode=True)),)


def _widths(
    contract: Contract, taken: int, given: int, layout: Layout, *, keeps_width: bool
) -> tuple[tuple[int, int], tuple[Adapter, ...], tuple[Adapter, ...]] | None:
    """The module's own widths, and projections before and after it.

    `keeps_width` asks for as many channels out of the module as go in, as for what runs on a patch grid.
    """

    def suits(*widths: int) -> bool:
        return all(width >= contract.min_width and width % contract.width_multiple == 0 for width in widths)

    if contract.width == "scale":
        scaled = contract.out_width_for(taken)
        if keeps_width and scaled != taken:
            return None
        after = () if scaled == given else (projection(scaled, given, layout),)
        return ((taken, scaled), (), after) if suits(taken) else None
    if suits(taken, given) and (taken == given or (contract.width == "project" and not keeps_width)):
        return (taken, given), (), ()
    if suits(taken):
        return (taken, taken), (), (projection(taken, given, layout),)
    if suits(given):
        return (given, given), (projection(taken, given, layout),), ()
    return None


def projection(taken: int, given: int, layout: Layout) -> Adapter:
    """The layer that turns one width into another, position by position."""
    match layout:
        case "map":
            return Adapter("nn.Conv2d", sourced(in_channels=taken, out_channels=given, kernel_size=1))
        case "signal":
            return Adapter("nn.Conv1d", sourced(in_channels=taken, out_channels=given, kernel_size=1))
        case _:
            return Adapter("nn.Linear", sourced(in_features=taken, out_features=given))


def sourced(**arguments: Any) -> tuple[tuple[str, str], ...]:
    """Arguments as an edit keeps them: name and Python source."""
    return tuple((name, source_of(value)) for name, value in arguments.items())
