"""What a module takes and gives, as learnt by running it in the sandbox."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archgraft.tree_ops.expressions import Expression

Layout = Literal["map", "map_last", "sequence", "signal", "vector"]
"""Tensor layouts: map (B, C, H, W) · map_last (B, H, W, C) · sequence (B, N, C) · signal (B, C, L) · vector (B, C)."""

RoleName = Literal["in_width", "out_width", "n_positions", "map_height", "map_width", "side"]
"""What the host decides: its widths, how many positions it has, a map's height and width, the side of a square."""
Feed = Literal["same", "none", "height", "width", "size", "length"]
"""What a module's further inputs are given: its input again, None, or what its positions measure."""
Family = Literal[
    "convolution",
    "attention",
    "recurrent",
    "mlp",
    "pooling",
    "spectral",
    "normalisation",
    "activation",
    "embedding",
    "gate",
    "other",
]

Kind = Literal["layer", "block"]
"""A block joins paths: it adds its input, or what one path made of it, to what another made. A layer has one path."""


@dataclass(frozen=True, slots=True)
class Role:
    """Stands in a constructor template for a number that the host decides, times `factor` over `divisor`."""

    role: RoleName
    factor: int = 1
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class Contract:
    """How to build a module for a host, and what it then does; every claim was seen at two or more sizes.

    `template` holds constructor keywords: literals, a `Role` for the host's widths or positions, or an `Expression` of
    torch's names and these numbers. A module of width rule `preserve` gives as many channels as it takes; `project`
    takes `in_width` and gives `out_width`; `scale` gives `width_scale` (numerator, denominator) times what it takes.
    Both must be multiples of `width_multiple`. `feeds` are what further required inputs get; `takes_first` says that
    the output is the first of several. `spatial_stride` divides each position axis (1 keeps it). `causal` means that an
    output never depends on later positions (sequence and signal layouts; position-wise modules are causal).
    `n_parameters` and `flops` (one sample) are those at `probe_widths`, (in, out), and `probe_positions`. Each position
    axis must be a multiple of `position_multiple`, and at least `min_positions` long; `square` asks for as many rows as
    columns, or a square number of tokens; no width may be below `min_width`. Modules of equal `fingerprint` computed
    the same on the same seeded weights and input (`archgraft.evaluator.fingerprint`); empty: unknown.
    """

    layout: Layout
    template: tuple[tuple[str, Any], ...]
    width: Literal["preserve", "project", "scale"]
    width_multiple: int
    spatial_stride: int
    family: Family
    causal: bool
    mutates_input: bool
    n_parameters: int
    flops: int
    probe_widths: tuple[int, ...]
    position_multiple: int = 1
    min_width: int = 1
    probe_positions: tuple[int, ...] = ()
    kind: Kind = "layer"
    fingerprint: str = ""
    width_scale: tuple[int, int] = (1, 1)
    feeds: tuple[Feed, ...] = ()
    takes_first: bool = False
    square: bool = False
    min_positions: int = 1

    def out_width_for(self, in_width: int) -> int:
        """The channels that come out of a module that doesn't project."""
        return in_width * self.width_scale[0] // self.width_scale[1]

    @property
    def is_sized(self) -> bool:
        """Whether the module is built for the number of its host's positions."""
        return wants_positions(self.template)

    def suits_positions(self, positions: tuple[int, ...]) -> bool:
        """Whether the module can stand where it meets these lengths of the position axes."""
        sizes = position_sizes(positions)
        return (
            all(length % self.position_multiple == 0 and length >= self.min_positions for length in positions)
            and (not self.square or "side" in sizes)
            and roles_in(self.template) <= {"in_width", "out_width", *sizes}
        )

    def arguments_for(self, in_width: int, out_width: int, positions: tuple[int, ...] = ()) -> Mapping[str, Any]:
        """Constructor keywords for a host that gives `in_width` and wants `out_width` channels.

        `positions` are the lengths of the position axes as the module meets them: (H, W), (N,), or () when unknown.
        Raises `ValueError` when the widths break the contract, or the template needs positions that aren't there.
        """
        if self.width != "project" and self.out_width_for(in_width) != out_width:
            rule = "keeps its width" if self.width == "preserve" else "scales its width by a factor of its own"
            raise ValueError(f"the module {rule}, but {in_width} in and {out_width} out were asked for")
        for width in (in_width, out_width) if self.width == "project" else (in_width,):
            if width % self.width_multiple:
                raise ValueError(f"width must be a multiple of {self.width_multiple}, but got {width}")
            if width < self.min_width:
                raise ValueError(f"width must be at least {self.min_width}, but got {width}")
        return fill(self.template, in_width, out_width, positions)


def position_sizes(positions: tuple[int, ...]) -> dict[RoleName, int]:
    """The roles that position axes of these lengths can fill."""
    if not positions:
        return {}
    n_positions = math.prod(positions)
    sizes: dict[RoleName, int] = {"n_positions": n_positions}
    if len(positions) == 2:
        sizes |= {"map_height": positions[0], "map_width": positions[1]}
    side = math.isqrt(n_positions)
    if positions in ((side**2,), (side, side)):
        sizes["side"] = side
    return sizes


def fill(
    template: tuple[tuple[str, Any], ...], in_width: int, out_width: int, positions: tuple[int, ...] = ()
) -> dict[str, Any]:
    """The constructor keywords of a template for one host: literals, and expressions without roles.

    Raises `ValueError` when it needs something of the positions that they don't have.
    """
    numbers: dict[RoleName, int] = {"in_width": in_width, "out_width": out_width, **position_sizes(positions)}
    if missing := sorted(roles_in(template) - set(numbers)):
        raise ValueError(f"it is made for the {' and '.join(missing)} of its host, but positions are {positions}")
    return {name: _filled(value, numbers) for name, value in template}


def roles_in(template: tuple[tuple[str, Any], ...]) -> frozenset[str]:
    """All that a template asks of its host."""
    found: set[str] = set()
    for _, value in template:
        if isinstance(value, Role):
            found.add(value.role)
        elif isinstance(value, Expression):
            found |= value.roles
    return frozenset(found)


def wants_positions(template: tuple[tuple[str, Any], ...]) -> bool:
    """Whether a template asks for more of its host than widths."""
    return bool(roles_in(template) - {"in_width", "out_width"})


def _filled(value: Any, numbers: Mapping[RoleName, int]) -> Any:
    if isinstance(value, Role):
        return numbers[value.role] * value.factor // value.divisor
    return value.at(numbers) if isinstance(value, Expression) else value
