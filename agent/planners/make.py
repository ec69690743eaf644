"""Planners by name."""

from archgraft.agent.errors import UsageError
from archgraft.agent.planners.archive import Archive
from archgraft.agent.planners.beliefs import Beliefs
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.planners.random import RandomPlanner
from archgraft.agent.planners.thompson import ThompsonPlanner
from archgraft.agent.settings import PlannerSettings

PLANNERS = ("thompson", "random")


def make_planner(name: str, settings: PlannerSettings) -> Planner:
    """A fresh planner. Raises `UsageError` for a name that is none."""
    if name == ThompsonPlanner.name:
        return ThompsonPlanner(settings, Archive(), Beliefs(settings.discount, settings.shrinkage))
    if name == RandomPlanner.name:
        return RandomPlanner()
    raise UsageError(f"unknown planner {name!r} (search.planner); the planners are {', '.join(PLANNERS)}")
