"""Hierarchical Thompson sampling over kinds of edits, with parents from a grid of niches.

| symbol | meaning | setting |
| --- | --- | --- |
| o, d, f | operator, depth band, module family: the three levels of a kind of edit | |
| g | a group: (), (o), (o, d), (o, d, f), or (o, f) over all bands | |
| s_g, u_g | discounted numbers of attempts in g that improved on their parent, and that did not | |
| gamma | at every tell, all s and u are multiplied by it before the new attempt adds 1 | `planner.discount` |
| kappa | attempts that the prior mean is worth (2 at the root) | `planner.shrinkage` |
| p_g | prior mean: 0.5 for (), m_() for (o), m_o for (o, d) and (o, f) | |
| | for (o, d, f) the two effects add up: logit p_odf = logit m_od + logit m_of - logit m_o | |
| m_g | posterior mean: (kappa p_g + s_g) / (kappa + s_g + u_g) | |
| theta_g | a draw from Beta(kappa p_g + s_g, kappa (1 - p_g) + u_g) | |
| epsilon | share of steps whose kind is uniform at each level instead | `planner.exploration` |
| rho | share of steps that repeat what helped last: its module elsewhere, or its operator, family | `planner.repeat` |
| c | weight of rarely used cells in the choice of the parent, see archive.py | `planner.cell_exploration` |

One step: take the parent of the highest bound; with rho repeat, with epsilon draw uniformly, else take the operator of
the highest theta_o, in it the band of the highest theta_od, in that the family of the highest theta_odf. Failures of
every kind count in u: a kind of edit that breaks models is as useless as one that doesn't help.

After LLMasTool (arXiv 2604.16555, its planner), with three changes: levels share what they learnt, old attempts fade,
and parents come from niches (MAP-Elites) instead of the best five.
"""

from collections.abc import Sequence

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.planners.archive import Archive
from archgraft.agent.planners.beliefs import Beliefs, Kind, sample_uniform
from archgraft.agent.planners.protocol import Offers, OffersOf, Plan
from archgraft.agent.settings import PlannerSettings

_MAX_PARENTS = 16
_MAX_DRAWS = 32
"""How many parents, and kinds of edits on each, one step looks at before it gives up: each look costs time."""


class ThompsonPlanner:
    """Learns which kinds of edits help, and where to apply them."""

    name = "thompson"

    def __init__(self, settings: PlannerSettings, archive: Archive, beliefs: Beliefs) -> None:
        self._settings = settings
        self._archive = archive
        self._beliefs = beliefs
        self._last_success: Kind | None = None

    def tell(self, attempt: Attempt) -> None:
        """Learn from a finished attempt."""
        self._archive.tell(attempt)
        if attempt.operator is None:
            return
        kind: Kind = (attempt.operator, attempt.depth_band, attempt.family)
        self._beliefs.tell(kind, attempt.improved)
        if attempt.improved:
            self._last_success = kind

    def ask(self, offers_of: OffersOf, generator: np.random.Generator) -> Plan:
        """The next plan; without options when no parent that was looked at has an untried edit."""
        parents = self._archive.parents(self._settings.cell_exploration)[:_MAX_PARENTS]
        if not parents:
            raise ValueError("a planner must be told of the rootstock, with a score, before it is asked")
        for parent_id, place in parents:
            plan = self._plan(parent_id, place, offers_of(parent_id), generator)
            if plan is not None:
                return plan
        reason = f"no untried edit is left on the {len(parents)} best parents"
        return Plan(parents[0][0], None, 0, "", (), reason)

    def _plan(self, parent_id: int, place: str, offers: Offers, generator: np.random.Generator) -> Plan | None:
        coin = generator.random()
        kinds = _kinds(offers)
        if coin < self._settings.repeat and self._last_success is not None:
            options = offers.draw_repeats(self._settings.n_options, generator)
            if options:
                kind = (options[0].edit.operator, options[0].depth_band, options[0].family)
                return Plan(parent_id, *kind, options, f"{place}; does elsewhere what helped last")
        for _ in range(_MAX_DRAWS):
            if not kinds:
                return None
            kind, why = self._kind(kinds, coin, generator)
            options = offers.draw(*kind, self._settings.n_options, generator)
            if options:
                return Plan(parent_id, *kind, options, f"{place}; {why}")
            kinds.remove(kind)
            coin = generator.random()
        return None

    def _kind(self, kinds: Sequence[Kind], coin: float, generator: np.random.Generator) -> tuple[Kind, str]:
        if coin < self._settings.repeat:
            alike = [kind for kind in kinds if _alike(kind, self._last_success)]
            if alike:
                return alike[int(generator.integers(len(alike)))], "repeats the last kind of edit that helped"
        if coin < self._settings.repeat + self._settings.exploration:
            return sample_uniform(kinds, generator), "explores"
        kind = self._beliefs.sample(kinds, generator)
        return kind, f"expected to help in {self._beliefs.mean(kind):.0%} of tries"


def _kinds(offers: Offers) -> list[Kind]:
    return [
        (operator, band, family)
        for operator in offers.operators()
        for band in offers.depth_bands(operator)
        for family in offers.families(operator, band)
    ]


def _alike(kind: Kind, other: Kind | None) -> bool:
    """Same operator and family; the depth may differ: the point is to do elsewhere what worked."""
    return other is not None and (kind[0], kind[2]) == (other[0], other[2])
