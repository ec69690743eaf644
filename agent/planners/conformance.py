"""What every planner must keep to, as functions over a maker of fresh planners. Run them all with `conform`."""

from collections.abc import Callable

import numpy as np

from archgraft.agent.planners.beliefs import Kind
from archgraft.agent.planners.protocol import MAX_OPTIONS, Planner
from archgraft.agent.planners.synthetic import KINDS, SyntheticSearch

MakePlanner = Callable[[], Planner]


def noisy(_kind: Kind, generator: np.random.Generator) -> float | None:
    """A landscape of luck: a third of the edits fail, the others gain or lose a little."""
    return None if generator.random() < 1 / 3 else float(generator.normal(0, 1))


def hopeless(_kind: Kind, _generator: np.random.Generator) -> float | None:
    """A landscape on which every edit fails."""
    return None


def same_tells_and_generator_give_the_same_plan(make: MakePlanner) -> None:
    """A resumed run must get the same plans (law 8)."""
    first, second = (SyntheticSearch(make(), noisy, window=4).run(30) for _ in range(2))
    assert first.plans == second.plans, "two planners that were told the same gave different plans"


def asking_leaves_no_trace(make: MakePlanner) -> None:
    """A plan that was asked for and lost must not change later ones: `ask` is pure."""
    search = SyntheticSearch(make(), noisy).run(20)
    plans = [search.ask(np.random.default_rng(7)) for _ in range(3)]
    search.ask(np.random.default_rng(8))
    assert all(plan == search.ask(np.random.default_rng(7)) for plan in plans), "ask changed the planner"


def plans_depend_on_the_generator(make: MakePlanner) -> None:
    """Chance comes from the generator that is passed in, and from nowhere else."""
    plans = [SyntheticSearch(make(), noisy, seed=seed).run(20).plans for seed in range(3)]
    assert plans[0] != plans[1] != plans[2], "other generators gave the same plans"


def parents_have_a_score(make: MakePlanner) -> None:
    """Only candidates that were told with status OK may be parents."""
    search = SyntheticSearch(make(), noisy, window=4).run(60)
    for place, plan in enumerate(search.plans):
        assert search.attempts[plan.parent_id].result.ok, f"candidate {plan.parent_id} failed, yet it is a parent"
        assert plan.parent_id <= max(place + 1 - search.window, 0), "a parent that was not told yet"


def options_are_few_and_of_the_kind_that_was_planned(make: MakePlanner) -> None:
    """At most eight different options, all of the plan's operator, depth band and family."""
    for plan in SyntheticSearch(make(), noisy).run(60).plans:
        assert 1 <= len(plan.options) <= MAX_OPTIONS, f"{len(plan.options)} options"
        assert len({option.label for option in plan.options}) == len(plan.options), "an option is offered twice"
        kinds = {(option.edit.operator, option.depth_band, option.family) for option in plan.options}
        assert kinds == {(plan.operator, plan.depth_band, plan.family)}, f"{kinds} is not what was planned"
        assert plan.reason, "a plan says why"
        assert "\n" not in plan.reason, "a reason is one line"


def failures_do_not_stop_it(make: MakePlanner) -> None:
    """When every candidate fails, it goes on from the rootstock."""
    plans = SyntheticSearch(make(), hopeless, window=4).run(40).plans
    assert all(plan.options for plan in plans), "gave up after failures"
    assert {plan.parent_id for plan in plans} == {0}, "a failed candidate became a parent"


def without_offers_it_says_so(make: MakePlanner) -> None:
    """No offers: a plan without options, with a reason; and the attempt that follows is no stumbling block."""
    for plan in SyntheticSearch(make(), noisy, kinds=()).run(3).plans:
        assert plan.options == (), "options out of nothing"
        assert plan.operator is None, "a kind of edit without options"
        assert plan.parent_id == 0, "a parent that doesn't exist"
        assert plan.reason, "a plan says why it is empty"


def an_exhausted_space_is_searched_whole(make: MakePlanner) -> None:
    """Three edits allow seven candidates besides the rootstock: all are tried, then nothing is left."""
    search = SyntheticSearch(make(), lambda *_: 0.1, kinds=KINDS[:3], n_per_kind=1).run(12)
    assert [bool(plan.options) for plan in search.plans] == [True] * 7 + [False] * 5, "tried too few or too many"


def without_a_rootstock_it_refuses(make: MakePlanner) -> None:
    """A planner that was told nothing has no parent to offer."""
    search = SyntheticSearch(make(), noisy)
    try:
        make().ask(search.offers_of, np.random.default_rng(0))
    except ValueError:
        return
    raise AssertionError("planned without a parent")


CHECKS: tuple[Callable[[MakePlanner], None], ...] = (
    same_tells_and_generator_give_the_same_plan,
    asking_leaves_no_trace,
    plans_depend_on_the_generator,
    parents_have_a_score,
    options_are_few_and_of_the_kind_that_was_planned,
    failures_do_not_stop_it,
    without_offers_it_says_so,
    an_exhausted_space_is_searched_whole,
    without_a_rootstock_it_refuses,
)


def conform(make: MakePlanner) -> None:
    """Run every check. Raises `AssertionError` with what was not kept."""
    for check in CHECKS:
        check(make)
