from collections import Counter

import hypothesis.strategies as st
from hypothesis import given

from archgraft.tree_ops.anatomy import UnitAxis, UnitGroup
from archgraft.tree_ops.widening import growth_of, replicas

HIDDEN = UnitGroup((UnitAxis("up.weight", 0, "gives"), UnitAxis("down.weight", 1, "takes")))
NARROW = {"up.weight": (4, 3), "down.weight": (5, 4)}


def widened(up: int, down: int) -> dict[str, tuple[int, int]]:
    return {"up.weight": (up, 3), "down.weight": (5, down)}


@given(n=st.integers(1, 40), more=st.integers(1, 80), seed=st.integers(0, 9))
def test_every_unit_of_the_parent_lives_on_in_at_least_one_replica(n: int, more: int, seed: int) -> None:
    found = replicas(n, n + more, seed)
    assert len(found) == n + more
    assert set(found) == set(range(n))


@given(n=st.integers(1, 40), factor=st.integers(2, 4))
def test_a_whole_factor_gives_each_unit_as_many_replicas_side_by_side(n: int, factor: int) -> None:
    found = replicas(n, n * factor, seed=0)
    assert found == tuple(sorted(found))
    assert set(Counter(found).values()) == {factor}


def test_who_takes_units_divides_by_their_number() -> None:
    growth = growth_of(HIDDEN, NARROW, widened(8, 8), seed=0)
    assert not growth.maps["up.weight", 0].divides
    assert growth.maps["down.weight", 1].divides
    assert growth.maps["up.weight", 0].units == growth.maps["down.weight", 1].units


def test_axes_of_one_group_grow_together_or_not_at_all() -> None:
    assert growth_of(HIDDEN, NARROW, widened(8, 4), seed=0).reason == "down.weight does not grow with the others"
    assert growth_of(HIDDEN, NARROW, widened(8, 12), seed=0).reason == "its axes grow differently"
    assert growth_of(HIDDEN, NARROW, widened(2, 2), seed=0).reason == "they become fewer"
    assert growth_of(HIDDEN, NARROW, {"up.weight": (8, 3)}, seed=0).reason == "down.weight is gone"


def test_averaged_units_grow_by_whole_factors_only() -> None:
    averaged = UnitGroup(HIDDEN.axes, uniform=True)
    assert not growth_of(averaged, NARROW, widened(8, 8), seed=0).reason
    assert "whole factor" in growth_of(averaged, NARROW, widened(6, 6), seed=0).reason


def test_a_hazard_is_the_reason_why_units_do_not_grow() -> None:
    assert growth_of(UnitGroup(HIDDEN.axes, hazards=("a softmax",)), NARROW, widened(8, 8), 0).reason == "a softmax"
    lost = UnitGroup(HIDDEN.axes[:1])
    assert growth_of(lost, NARROW, widened(8, 8), seed=0).reason == "it isn't known which layer takes them"
