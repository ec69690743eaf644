"""Planners by name."""

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.planners.make import PLANNERS, make_planner
from archgraft.agent.settings import PlannerSettings


@pytest.mark.parametrize("name", PLANNERS)
def test_a_planner_has_the_name_it_was_asked_for_by(name: str) -> None:
    assert make_planner(name, PlannerSettings()).name == name


def test_an_unknown_name_lists_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"unknown planner 'tompson'.*thompson, random"):
        make_planner("tompson", PlannerSettings())
