"""The control arm: uniform random edits of uniformly drawn parents. Every other planner has to beat it."""

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.planners.protocol import OffersOf, Plan

_MAX_PARENTS = 16


class RandomPlanner:
    """One uniformly drawn option on a uniformly drawn candidate; learns nothing.

    It offers a single option, so that no chooser's taste colours the control.
    """

    name = "random"

    def __init__(self) -> None:
        self._candidate_ids: list[int] = []

    def tell(self, attempt: Attempt) -> None:
        """Take note of a possible parent."""
        if attempt.result.ok:
            self._candidate_ids.append(attempt.candidate_id)

    def ask(self, offers_of: OffersOf, generator: np.random.Generator) -> Plan:
        """The next plan; without options when no parent that was looked at has an untried edit."""
        if not self._candidate_ids:
            raise ValueError("a planner must be told of the rootstock, with a score, before it is asked")
        parents = [int(one) for one in generator.permutation(self._candidate_ids)[:_MAX_PARENTS]]
        for parent_id in parents:
            options = offers_of(parent_id).draw_uniform(1, generator)
            if options:
                [option] = options
                kind = (option.edit.operator, option.depth_band, option.family)
                return Plan(parent_id, *kind, options, "uniform parent, uniform edit")
        reason = f"no untried edit was found on {len(parents)} parents drawn at random"
        return Plan(parents[0], None, 0, "", (), reason)
