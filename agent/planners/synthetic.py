"""A search in miniature, without models: made-up edits and results, for the conformance suite and statistical tests."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.agent.planners.beliefs import Kind
from archgraft.agent.planners.protocol import Plan, Planner
from archgraft.evaluator.results import Result, Stage, Status
from archgraft.tree_ops.edits import Edit, Operator, Option

Landscape = Callable[[Kind, np.random.Generator], float | None]
"""The gain over the parent that an edit of this kind brings; None when the candidate fails."""

KINDS: tuple[Kind, ...] = (
    ("swap", 0, "convolution"),
    ("swap", 0, "attention"),
    ("swap", 2, "attention"),
    ("insert", 1, "norm"),
    ("insert", 1, "attention"),
    ("delete", 2, "norm"),
)


@dataclass(frozen=True, slots=True)
class SyntheticOffers:
    """`n_per_kind` edits of each kind; a candidate is the set of its edits, and no set is offered twice."""

    edits: frozenset[str]
    tried: frozenset[frozenset[str]]
    kinds: Sequence[Kind]
    n_per_kind: int

    def operators(self) -> Sequence[Operator]:
        return tuple(dict.fromkeys(kind[0] for kind in self.kinds))

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        return tuple(dict.fromkeys(kind[1] for kind in self.kinds if kind[0] == operator))

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        return tuple(kind[2] for kind in self.kinds if kind[:2] == (operator, depth_band))

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """At most `n` untried edits of the kind."""
        return _some(list(self._untried((operator, depth_band, family))), n, generator)

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """At most `n` untried edits of any kind."""
        return _some([option for kind in self.kinds for option in self._untried(kind)], n, generator)

    def draw_repeats(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """None: made-up edits bring no module."""
        del n, generator
        return ()

    def _untried(self, kind: Kind) -> Iterator[Option]:
        operator, band, family = kind
        for place in range(self.n_per_kind):
            label = f"{operator} {band} {family} {place}"
            if self.edits | {label} not in self.tried:
                yield Option(Edit(operator, label, label), label, band, family, 1.0, 0)


def _some(options: Sequence[Option], n: int, generator: np.random.Generator) -> tuple[Option, ...]:
    return tuple(options[int(place)] for place in generator.permutation(len(options))[:n])


@dataclass
class SyntheticSearch:
    """Asks, makes up results by a landscape, and tells, the last `window - 1` attempts being in flight at each ask."""

    planner: Planner
    landscape: Landscape
    seed: int = 0
    kinds: Sequence[Kind] = KINDS
    n_per_kind: int = 20
    window: int = 1
    attempts: list[Attempt] = field(default_factory=lambda: [_attempt(0, None, 0.0)])
    plans: list[Plan] = field(default_factory=list)
    _edits: dict[int, frozenset[str]] = field(default_factory=lambda: {0: frozenset()})
    _n_told: int = 0

    def run(self, n_attempts: int) -> "SyntheticSearch":
        """Make so many attempts."""
        for _ in range(n_attempts):
            index = len(self.attempts)
            self.plans.append(self.ask(np.random.default_rng([self.seed, index])))
            self.attempts.append(self._result(index, self.plans[-1]))
        return self

    def ask(self, generator: np.random.Generator) -> Plan:
        """The next plan, after telling what is due."""
        while self._n_told <= max(len(self.attempts) - self.window, 0):
            self.planner.tell(self.attempts[self._n_told])
            self._n_told += 1
        return self.planner.ask(self.offers_of, generator)

    def offers_of(self, candidate_id: int) -> SyntheticOffers:
        """The edits of a candidate."""
        tried = frozenset(edits for index, edits in self._edits.items() if index < self._n_told)
        return SyntheticOffers(self._edits[candidate_id], tried, self.kinds, self.n_per_kind)

    def _result(self, index: int, plan: Plan) -> Attempt:
        if not plan.options:
            return _attempt(index, plan, None)
        option = plan.options[0]
        self._edits[index] = self._edits[plan.parent_id] | {option.label}
        kind = (option.edit.operator, option.depth_band, option.family)
        gain = self.landscape(kind, np.random.default_rng([self.seed, index, 1]))
        parent_score = self.attempts[plan.parent_id].oriented_score
        score = None if gain is None or parent_score is None else parent_score + gain
        return _attempt(index, plan, score, gain)


def _attempt(index: int, plan: Plan | None, score: float | None, gain: float | None = None) -> Attempt:
    status = Status.OK if score is not None else Status.CRASH if plan and plan.options else Status.NO_OPTION
    family = plan.family if plan else "stem"
    return Attempt(
        index=index,
        parent_id=plan.parent_id if plan else None,
        operator=plan.operator if plan else None,
        depth_band=plan.depth_band if plan else 0,
        family=family,
        result=Result(status, Stage.DONE, "" if score is not None else "made up", 0, "validation", None, 0.0, "none"),
        oriented_score=score,
        gain=gain if score is not None else None,
        improved=score is not None and gain is not None and gain > 0,
        descriptor=Descriptor(0, family, 0) if score is not None else None,
        n_parameters=None,
    )
