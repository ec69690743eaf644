"""A library as offers need it: which modules fit a place, and what each would cost there; worked out once a signature.

Whether a module fits follows from little of its contract, so modules that are alike in that are judged together.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from archgraft.tree_ops.contract import Contract, Role, RoleName, roles_in
from archgraft.tree_ops.edits import Graft
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.sites import Signature

Modules = Mapping[str, tuple[str, Contract]]
"""Module id -> (class name, contract)."""

MAX_SIGNATURES = 4096
PROJECTIONS = ("nn.Conv1d", "nn.Conv2d", "nn.Linear")


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and FLOPs of one sample."""

    parameters: int
    flops: int

    def times(self, n: int) -> "Cost":
        """That of several."""
        return Cost(n * self.parameters, n * self.flops)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The modules that fit one signature, as places on the shelf, and what they cost there without adapters."""

    places: NDArray[np.int64]
    parameters: NDArray[np.float64]
    flops: NDArray[np.float64]


class Shelf:
    """Modules in an order of their own; several trees may share one. `causal` asks for causal modules only."""

    def __init__(self, modules: Modules, *, causal: bool) -> None:
        self.ids: Sequence[str] = tuple(modules)
        self._modules = modules
        self._causal = causal
        self.families: Sequence[str] = [contract.family for _, contract in modules.values()]
        self._alike: dict[Contract, list[int]] = defaultdict(list)
        for place, (_, contract) in enumerate(modules.values()):
            self._alike[_bare(contract)].append(place)
        self._growth = _Growth([contract for _, contract in modules.values()])
        self.fitting = lru_cache(MAX_SIGNATURES)(self._fitting)

    def name(self, place: int) -> str:
        """A module's class name."""
        return self._modules[self.ids[place]][0]

    def contract(self, place: int) -> Contract:
        """A module's contract."""
        return self._modules[self.ids[place]][1]

    def place(self, module_id: str) -> int | None:
        """Where a module stands; None when it isn't here."""
        return self.ids.index(module_id) if module_id in self._modules else None

    def graft(self, place: int, signature: Signature, *, images: bool) -> Graft | None:
        """A module with its arguments and adapters for one signature; None when it doesn't fit."""
        return fit(self.ids[place], self.contract(place), signature, images=images, causal=self._causal)

    def _fitting(self, signature: Signature, *, images: bool) -> Fitting:
        places = [
            place
            for bare, alike in self._alike.items()
            if fit("", bare, signature, images=images, causal=self._causal) is not None
            for place in alike
        ]
        chosen = np.array(sorted(places), dtype=np.int64)
        return Fitting(chosen, *self._growth.at(signature, chosen))

    def cost(self, graft: Graft, signature: Signature) -> Cost:
        """What a graft costs at a signature, its projections included."""
        place = self.ids.index(graft.module_id)
        parameters, flops = self._growth.at(signature, np.array([place]))
        n_projections = sum(adapter.name in PROJECTIONS for adapter in (*graft.before, *graft.after))
        weights = n_projections * signature.in_width * signature.out_width
        more = 2 * weights * math.prod(signature.in_positions)
        return Cost(int(parameters[0]) + weights, int(flops[0]) + more)


class _Growth:
    """Parameters and FLOPs of modules at other widths and positions than those of their probes.

    Parameters are quadratic in width, with linear parts that tell at small widths. FLOPs are that, times positions;
    what attends to all positions is quadratic in them too, so there the square is taken: rather too much than a
    candidate over the caps. The same goes for the parameters of what is built for a number of positions.
    """

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self._parameters = np.array([one.n_parameters for one in contracts], dtype=float)
        self._flops = np.array([one.flops for one in contracts], dtype=float)
        self._width = np.array([max(one.probe_widths) for one in contracts], dtype=float)
        self._positions = np.array([math.prod(one.probe_positions) for one in contracts], dtype=float)
        self._sized = np.array([one.is_sized for one in contracts], dtype=bool)
        self._attends = self._sized | np.array([one.family == "attention" for one in contracts], dtype=bool)

    def at(self, site: Signature, places: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Parameters and FLOPs of some modules at a signature."""
        width = max(site.in_width, site.out_width) / self._width[places]
        width = np.where(width > 1, width**2, (width**2 + width) / 2)
        positions = math.prod(site.in_positions) / self._positions[places]
        positions = np.where(self._attends[places], np.maximum(positions, positions**2), positions)
        parameters = self._parameters[places] * width * np.where(self._sized[places], np.maximum(1, positions), 1)
        return parameters, self._flops[places] * width * positions


def _bare(contract: Contract) -> Contract:
    """The contract with all blanked out that doesn't decide whether the module fits."""
    asked = sorted(roles_in(contract.template) - {"in_width", "out_width"})
    return replace(
        contract,
        template=tuple((role, Role(cast(RoleName, role))) for role in asked),
        family="attention" if contract.family == "attention" else "other",
        kind="layer",
        mutates_input=False,
        n_parameters=0,
        flops=0,
        probe_widths=(1,),
        probe_positions=(),
        fingerprint="",
        feeds=(),
        takes_first=False,
    )
