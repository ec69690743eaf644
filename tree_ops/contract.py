"""What a module takes and gives, as learnt by running it in the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Layout = Literal["map", "map_last", "sequence", "signal", "vector"]
"""Tensor layouts: map (B, C, H, W) · map_last (B, H, W, C) · sequence (B, N, C) · signal (B, C, L) · vector (B, C)."""

RoleName = Literal["in_width", "out_width"]
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

    `template` holds constructor keywords: literals, or a `Role` for the host's widths. A module of width rule
    `preserve` gives as many channels as it takes; `project` takes `in_width` and gives `out_width`. Both must be
    multiples of `width_multiple`. `spatial_stride` divides each position axis (1 keeps it). `causal` means that an
    output never depends on later positions (sequence and signal layouts; position-wise modules are causal).
    `n_parameters` and `flops` (one sample) are those at `probe_widths`, (in, out), and `probe_positions`. Each position
    axis must be a multiple of `position_multiple`; no width may be below `min_width`. Modules of equal `fingerprint`
    computed the same on the same seeded weights and input (`archgraft.evaluator.fingerprint`); empty: unknown.
    """

    layout: Layout
    template: tuple[tuple[str, Any], ...]
    width: Literal["preserve", "project"]
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

    def arguments_for(self, in_width: int, out_width: int) -> Mapping[str, Any]:
        """Constructor keywords for a host that gives `in_width` and wants `out_width` channels.

        Raises `ValueError` when the widths break the contract.
        """
        if self.width == "preserve" and in_width != out_width:
            raise ValueError(f"the module keeps its width, but {in_width} in and {out_width} out were asked for")
        for width in (in_width, out_width):
            if width % self.width_multiple:
                raise ValueError(f"width must be a multiple of {self.width_multiple}, but got {width}")
            if width < self.min_width:
                raise ValueError(f"width must be at least {self.min_width}, but got {width}")
        widths: dict[RoleName, int] = {"in_width": in_width, "out_width": out_width}
        return fill(self.template, widths)


def fill(template: tuple[tuple[str, Any], ...], widths: Mapping[RoleName, int]) -> dict[str, Any]:
    """The constructor keywords of a template for given widths."""
    return {
        name: widths[value.role] * value.factor // value.divisor if isinstance(value, Role) else value
        for name, value in template
    }
