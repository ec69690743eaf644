"""The seam between the loop and whoever decides where to change what.

A planner narrows a search step down to one plan with at most eight options; a chooser picks one of them. `ask` must be
a pure function of what it was told and of the generator it is given: a resumed run replays `tell` and gets the same
plans (law 8).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.tree_ops.edits import Operator, Option

MAX_OPTIONS = 8


class Offers(Protocol):
    """All edits that are possible on one tree, drawn lazily. Groups that are listed are never empty."""

    def operators(self) -> Sequence[Operator]:
        """The operators that have at least one option here."""
        ...

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        """The depth bands in which the operator has an option."""
        ...

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        """The families that the operator has an option for in that band."""
        ...

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """At most `n` different options of the group, none of which repeats a tree already tried."""
        ...

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` options: operator uniform, then site uniform, then option uniform. The control arm's draw."""
        ...

    def draw_repeats(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` options of one kind that do with the same module what the last edit that helped did."""
        ...


OffersOf = Callable[[int], Offers]
"""The offers on the tree of a candidate, by its id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One step: a parent, and options of one kind to choose from. Without options the attempt ends as `no_option`."""

    parent_id: int
    operator: Operator | None
    depth_band: int
    family: str
    options: tuple[Option, ...]
    reason: str
    """One line for the report: why this parent and this kind of edit."""


class Planner(Protocol):
    """Decides what to try next."""

    @property
    def name(self) -> str: ...

    def ask(self, offers_of: OffersOf, generator: np.random.Generator) -> Plan:
        """The next plan. Only candidates that were told with status OK may be parents."""
        ...

    def tell(self, attempt: Attempt) -> None:
        """Learn from a finished attempt. Called in attempt order; the rootstock (index 0) first.

        An attempt is told again when its candidate was promoted: `improved` then speaks of the higher rung.
        """
        ...
