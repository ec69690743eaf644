"""Every planner keeps to the seam's suite; and the suite notices those that don't."""

from collections.abc import Callable

import numpy as np
import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.planners.conformance import CHECKS, MakePlanner, conform
from archgraft.agent.planners.make import PLANNERS, make_planner
from archgraft.agent.planners.protocol import OffersOf, Plan
from archgraft.agent.planners.random import RandomPlanner
from archgraft.agent.settings import PlannerSettings


@pytest.mark.parametrize("name", PLANNERS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_planner_conforms(name: str, check: Callable[[MakePlanner], None]) -> None:
    check(lambda: make_planner(name, PlannerSettings()))


@pytest.mark.parametrize("seed", range(3))
def test_thompson_conforms_with_unusual_settings(seed: int) -> None:
    generator = np.random.default_rng(seed)
    settings = PlannerSettings(
        discount=float(generator.uniform(0.1, 1)),
        exploration=float(generator.uniform(0, 1)),
        repeat=float(generator.uniform(0, 1)),
        shrinkage=float(generator.uniform(0.01, 100)),
        cell_exploration=float(generator.uniform(0, 10)),
        n_options=int(generator.integers(1, 9)),
    )
    conform(lambda: make_planner("thompson", settings))


class Stateful(RandomPlanner):
    """Asks a generator of its own: a resumed run would get other plans."""

    def __init__(self) -> None:
        super().__init__()
        self._own = np.random.default_rng(0)

    def ask(self, offers_of: OffersOf, generator: np.random.Generator) -> Plan:
        return super().ask(offers_of, self._own)


class Gullible(RandomPlanner):
    """Takes every attempt for a possible parent."""

    def tell(self, attempt: Attempt) -> None:
        self._candidate_ids.append(attempt.candidate_id)


@pytest.mark.parametrize("broken", [Stateful, Gullible])
def test_the_suite_notices_a_broken_planner(broken: MakePlanner) -> None:
    with pytest.raises(AssertionError):
        conform(broken)
