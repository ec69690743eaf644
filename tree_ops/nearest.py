"""Which modules of a library are built like a given one, and in what they are alike.

The distance of two modules is 1 minus their similarity, in [0, 1]. Where both have contracts, a fifth of the similarity
is the share of contract features in which they agree; the rest, or all, is likeness of structure:

| symbol | meaning |
| --- | --- |
| c_s(l) | how often the subtree l occurs in the source s (`structure`) |
| w(l) | log((1 + N) / (1 + n)), n of N modules having l; a tenth of that where n is 0 |
| J | weighted Jaccard similarity, sum over l of w min(c_s, c_t) over sum of w max(c_s, c_t) |

What everybody writes so counts for little, and what no module of the library has, which can't tell which is nearer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.structure import Signature

_CONTRACT_SHARE = 0.2
_UNSEEN_SHARE = 0.1
_FEATURES = ("family", "layout", "kind", "width", "causal", "spatial_stride")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A module of the library near the one asked for. `n_shared` of the `n_asked` subtrees asked for are in it, too.

    `share_by_weight` is what these are worth of all that was asked for, by w, in [0, 1].
    """

    id: str
    distance: float
    n_shared: int
    n_asked: int
    share_by_weight: float
    agrees_in: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why it is near, in words."""
        shared = f"shares {self.n_shared} of {self.n_asked} subtrees, {self.share_by_weight:.0%} by rarity"
        return f"{shared}; same {', '.join(self.agrees_in)}" if self.agrees_in else shared


def nearest(
    asked: Signature, contract: Contract | None, library: Mapping[str, tuple[Signature, Contract]]
) -> Sequence[Neighbour]:
    """All modules of the library, the nearest first, ties by id. `contract` is that of the module asked for."""
    weights = _Weights([signature for signature, _ in library.values()])
    own = weights.total(asked)
    found = [
        _neighbour(module_id, asked, signature, weights, own, _agreement(contract, other))
        for module_id, (signature, other) in library.items()
    ]
    return sorted(found, key=lambda neighbour: (neighbour.distance, neighbour.id))


class _Weights:
    """How much each subtree says, by how rare it is among these signatures."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        together = np.concatenate([s.labels for s in signatures]) if signatures else np.empty(0, np.uint32)
        self._labels, n_modules = np.unique(together, return_counts=True)
        self._n = len(signatures)
        self._weights = self._weight(n_modules)

    def of(self, labels: "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]") -> np.ndarray:
        """The weights of some labels."""
        found = np.full(len(labels), _UNSEEN_SHARE * self._weight(np.zeros(1))[0])
        if len(self._labels):
            places = np.minimum(np.searchsorted(self._labels, labels), len(self._labels) - 1)
            is_known = self._labels[places] == labels
            found[is_known] = self._weights[places[is_known]]
        return found

    def total(self, signature: Signature) -> float:
        """The weight of all of a signature's subtrees."""
        return float(self.of(signature.labels) @ signature.counts)

    def _weight(self, n_modules: np.ndarray) -> np.ndarray:
        # A library of one module would weigh everything nothing.
        return np.log((1 + self._n) / (1 + n_modules)) + 1e-3


def _neighbour(
    module_id: str,
    asked: Signature,
    signature: Signature,
    weights: _Weights,
    own: float,
    agreement: tuple[str, ...] | None,
) -> Neighbour:
    labels, counts = asked.shared(signature)
    shared = float(weights.of(labels) @ counts)
    together = own + weights.total(signature) - shared
    similarity = shared / together if together else 1.0
    if agreement is not None:
        similarity = (1 - _CONTRACT_SHARE) * similarity + _CONTRACT_SHARE * len(agreement) / len(_FEATURES)
    distance = round(max(0.0, 1 - similarity), 6)
    worth = min(1.0, shared / own) if own else 1.0
    return Neighbour(module_id, distance, int(counts.sum()), asked.n_subtrees, round(worth, 6), agreement or ())


def _agreement(first: Contract | None, second: Contract) -> tuple[str, ...] | None:
    """In which features two contracts agree; None without a first one."""
    if first is None:
        return None
    return tuple(name for name in _FEATURES if getattr(first, name) == getattr(second, name))
