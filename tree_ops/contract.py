"""What a module takes and gives, as learnt by running it in the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archgraft.tree_ops.expressions import Expression

Layout = Literal["map", "map_last", "sequence", "signal", "vector"]
"""Tensor layouts: map (B, C, H, W) · map_last (B, H, W, C) · sequence (B, N, C) · signal (B, C, L) · vector (B, C)."""

RoleName = Literal["in_width", "out_width"]
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
    """Stands in a constructor template for a number that the host decides: its width times `factor` over `divisor`."""

    role: RoleName
    factor: int = 1
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class Contract:
    """How to build a module for a host, and what it then does; every claim was seen at two or more sizes.

    `template` holds constructor keywords: literals, a `Role` for the host's widths, or an `Expression` of torch's names
    and these widths. A module of width rule `preserve` gives as many channels as it takes; `project` takes `in_width`
    and gives `out_width`; `scale` gives `width_scale` (numerator, denominator) times what it takes. Both must be
    multiples of `width_multiple`. `feeds` are what further required inputs get; `takes_first` says that the output is
    the first of several. `spatial_stride` divides each position axis (1 keeps it). `causal` means that an
    output never depends on later positions (sequence and signal layouts; position-wise modules are causal).
    `n_parameters` and `flops` (one sample) are those at `probe_widths`, (in, out), and `probe_positions`. Each position
    axis must be a multiple of `position_multiple`; no width may be below `min_width`. Modules of equal `fingerprint`
    computed the same on the same seeded weights and input (`archgraft.evaluator.fingerprint`); empty: unknown.
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

    def out_width_for(self, in_width: int) -> int:
        """The channels that come out of a module that doesn't project."""
        return in_width * self.width_scale[0] // self.width_scale[1]

    def arguments_for(self, in_width: int, out_width: int) -> Mapping[str, Any]:
        """Constructor keywords for a host that gives `in_width` and wants `out_width` channels.

        Raises `ValueError` when the widths break the contract.
        """
        if self.width != "project" and self.out_width_for(in_width) != out_width:
            rule = "keeps its width" if self.width == "preserve" else "scales its width by a factor of its own"
            raise ValueError(f"the module {rule}, but {in_width} in and {out_width} out were asked for")
        for width in (in_width, out_width) if self.width == "project" else (in_width,):
            if width % self.width_multiple:
                raise ValueError(f"width must be a multiple of {self.width_multiple}, but got {width}")
            if width < self.min_width:
                raise ValueError(f"width must be at least {self.min_width}, but got {width}")
        widths: dict[RoleName, int] = {"in_width": in_width, "out_width": out_width}
        return fill(self.template, widths)


def fill(template: tuple[tuple[str, Any], ...], widths: Mapping[RoleName, int]) -> dict[str, Any]:
    """The constructor keywords of a template for given widths: literals, and expressions without widths."""
    return {name: _filled(value, widths) for name, value in template}


def _filled(value: Any, widths: Mapping[RoleName, int]) -> Any:
    if isinstance(value, Role):
        return widths[value.role] * value.factor // value.divisor
    return value.at(widths) if isinstance(value, Expression) else value
