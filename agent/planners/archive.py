"""The MAP-Elites grid (Mouret and Clune 2015, arXiv 1504.04909): the best candidate of each niche, and who is next.

Niches keep a search from saturating on one champion's neighbourhood: a small mixer-free network is compared with its
like, not with the largest one found so far.
"""

import math
from dataclasses import dataclass

from archgraft.agent.attempt import Attempt, Descriptor


@dataclass(frozen=True, slots=True)
class Elite:
    """The best candidate of a cell; `uses` counts the finished attempts that had it as their parent."""

    candidate_id: int
    score: float
    uses: int


class Archive:
    """Every candidate with a score, and the grid of the best ones. Grows by `tell` alone."""

    def __init__(self) -> None:
        self._scores: dict[int, float] = {}
        self._cells: dict[Descriptor, int] = {}
        self._uses: dict[int, int] = {}

    def tell(self, attempt: Attempt) -> None:
        """Take note of a finished attempt: its parent was used; itself may become the elite of its cell.

        A promoted one is told again, and used its parent once.
        """
        if attempt.parent_id is not None and attempt.result.rung == 0:
            self._uses[attempt.parent_id] = self._uses.get(attempt.parent_id, 0) + 1
        if not attempt.result.ok or attempt.oriented_score is None:
            return
        self._scores[attempt.candidate_id] = attempt.oriented_score
        if attempt.descriptor is not None:
            best = self._cells.get(attempt.descriptor)
            if best is None or attempt.oriented_score > self._scores[best]:
                self._cells[attempt.descriptor] = attempt.candidate_id

    def candidate_ids(self) -> tuple[int, ...]:
        """Every candidate that may be a parent, oldest first."""
        return tuple(self._scores)

    def elites(self) -> dict[Descriptor, Elite]:
        """The best candidate of each cell."""
        return {
            cell: Elite(candidate, self._scores[candidate], self._uses.get(candidate, 0))
            for cell, candidate in self._cells.items()
        }

    def parents(self, exploration: float) -> tuple[tuple[int, str], ...]:
        """Every possible parent with the reason for its place: elites by upper confidence bound, then all others.

        The bound of elite e is `quality + exploration * sqrt(ln(1 + N) / (1 + n))`: its quality is its rank among the
        elites' scores, 0 to 1, so that the metric's scale doesn't matter; n counts its own uses, so that a new elite
        of an old cell is fresh, and one whose neighbourhood gave nothing better steps back; N sums n over elites.
        """
        elites = self.elites()
        ranked = sorted(elites, key=lambda cell: elites[cell].score)
        quality = {cell: (place + 1) / len(ranked) for place, cell in enumerate(ranked)}
        n_uses = sum(elite.uses for elite in elites.values())

        def bound(cell: Descriptor) -> float:
            return quality[cell] + exploration * math.sqrt(math.log1p(n_uses) / (1 + elites[cell].uses))

        chosen = {elites[cell].candidate_id: _place(cell) for cell in sorted(elites, key=bound, reverse=True)}
        others = sorted(set(self._scores) - set(chosen), key=lambda one: (-self._scores[one], one))
        return (*chosen.items(), *((one, "no elite has an untried edit left") for one in others))


def _place(cell: Descriptor) -> str:
    return f"elite of cost band {cell.cost_band}, mixer {cell.mixer}, depth band {cell.depth_band}"
