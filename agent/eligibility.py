"""Why a finalist may not be returned, however well it scores: its cost over a limit, or not what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.agent.store.records import Candidate
from archgraft.evaluator.cost_check import CostRatios, limit_broken
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.weight_count import UnexpectedWeightsError, count_weights


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The hard limits of a search, held against what was measured of a finalist after its training."""

    caps: CostCaps
    ratios: CostRatios
    n_in_buffers: int
    """Values that the rootstock has in buffers. A candidate may have as many, and besides as many as it may have
    parameters: room for honest masks and statistics, none for what was learnt past the cap."""

    def refusal(
        self, candidate: Candidate, weights: Mapping[str, np.ndarray], comparisons: Sequence[LatencyComparison]
    ) -> str:
        """Why it may not be returned, in one line; empty when it may.

        `weights` are a trained state of it, none where no training went well: then there is no score either.
        """
        return (self._size_broken(candidate, weights) if weights else "") or limit_broken(comparisons, self.ratios)

    def _size_broken(self, candidate: Candidate, weights: Mapping[str, np.ndarray]) -> str:
        try:
            found = count_weights(candidate.tree, weights)
        except UnexpectedWeightsError as error:
            return f"its trained weights are not those of its tree: {error}"
        allowed = self.n_in_buffers + self.caps.max_parameters
        if found.n_in_buffers > allowed:
            return f"{found.n_in_buffers:,} values in buffers where at most {allowed:,} are allowed"
        return self.caps.broken_by(found.n_parameters, candidate.tree.flops) or ""
