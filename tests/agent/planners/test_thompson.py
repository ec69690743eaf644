"""Thompson sampling finds out which kinds of edits help, and goes on to use them."""

import numpy as np

from archgraft.agent.planners.archive import Archive
from archgraft.agent.planners.beliefs import Beliefs, Kind
from archgraft.agent.planners.make import make_planner
from archgraft.agent.planners.synthetic import KINDS, SyntheticSearch
from archgraft.agent.planners.thompson import ThompsonPlanner
from archgraft.agent.settings import PlannerSettings

GOOD: Kind = ("insert", 1, "attention")


def one_good_kind(kind: Kind, generator: np.random.Generator) -> float | None:
    """One kind helps in 6 of 10 tries, the others in 1 of 10."""
    return 1.0 if generator.random() < (0.6 if kind == GOOD else 0.1) else -1.0


def share_of_good(name: str, seed: int) -> float:
    search = SyntheticSearch(make_planner(name, PlannerSettings()), one_good_kind, seed, n_per_kind=40).run(120)
    late = search.plans[60:]
    return sum((plan.operator, plan.depth_band, plan.family) == GOOD for plan in late) / len(late)


def test_it_concentrates_on_the_kind_that_helps() -> None:
    shares = [share_of_good("thompson", seed) for seed in range(6)]
    control = [share_of_good("random", seed) for seed in range(6)]
    assert float(np.mean(shares)) > 0.4
    assert float(np.mean(control)) < 0.25
    assert min(shares) > float(np.mean(control))


def test_it_forgets_a_kind_that_no_longer_helps() -> None:
    planner = ThompsonPlanner(PlannerSettings(discount=0.9), Archive(), Beliefs(0.9, 4.0))
    search = SyntheticSearch(planner, one_good_kind, n_per_kind=40).run(60)
    other: Kind = ("swap", 0, "convolution")
    search.landscape = lambda kind, generator: 1.0 if kind == other else -1.0
    late = search.run(120).plans[120:]
    counts = {kind: sum((plan.operator, plan.depth_band, plan.family) == kind for plan in late) for kind in KINDS}
    assert max(counts, key=lambda kind: counts[kind]) == other


def test_the_last_kind_that_helped_is_repeated_in_whatever_band_offers_it() -> None:
    planner = make_planner("thompson", PlannerSettings(repeat=1.0))
    search = SyntheticSearch(planner, lambda kind, generator: 1.0 if kind[2] == "attention" else -1.0).run(40)
    first = next(place for place, one in enumerate(search.attempts) if one.improved)
    repeated = search.plans[first:]
    assert {(plan.operator, plan.family) for plan in repeated} == {(search.plans[first - 1].operator, "attention")}
    assert all("repeats" in plan.reason for plan in repeated)


def test_reasons_tell_where_and_why() -> None:
    plan = (
        SyntheticSearch(make_planner("thompson", PlannerSettings(exploration=0, repeat=0)), one_good_kind)
        .run(1)
        .plans[0]
    )
    assert plan.reason.startswith("elite of cost band 0, mixer stem, depth band 0; expected to help in ")
