"""What the run store holds, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from archgraft.agent.attempt import Attempt
from archgraft.agent.choosers.protocol import Answer, Question
from archgraft.agent.genes.space import Genes
from archgraft.agent.ladder import Promotion
from archgraft.evaluator.results import Result
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.edits import Edit, Operator
from archgraft.tree_ops.tree import Tree

Role = Literal["search", "confirmation", "rung", "longer", "finalist", "control"]
"""Why a result was measured: as an attempt of the search, on whichever rung; as one of the seeds that an attempt's mean
score was taken over; as the rootstock's own on a lower rung; as a parent trained equally longer, for children that
inherited its weights to be compared with; in the last comparison over several seeds, in which the rootstock takes part
as candidate 0; or, in the same comparison, as the control of a candidate with genes of its own: the rootstock, trained
with that candidate's recipe."""

Setting = None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run is about. A resumed run must agree in all but `budget`, `versions`, `command` and `created`.

    `settings` are all further settings that decide the outcome, flat, by their dotted names. `budget` maps `trials`,
    `minutes`, `gpu_hours`, `usd` to their limits; what is absent is unlimited. `library_digest` is that of the
    library's content, so that a moved library is still the same one.
    """

    settings: Mapping[str, Setting]
    seed: int
    model: str
    task: str
    metric: Metric
    library_path: str
    library_digest: str
    planner: str
    chooser: str
    budget: Mapping[str, float]
    recipe: Mapping[str, Setting] = field(default_factory=dict)
    """The rootstock's, whole: the task's with what the settings override."""
    command: str = ""
    """The command line that started the run, for the report."""
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    """When the run was started: ISO 8601, UTC. Set by the store."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tree that was tried. `id` is the index of its attempt; candidate 0 is the rootstock, with no parent or edit."""

    id: int
    parent_id: int | None
    operator: Operator | None
    edit: Edit | None
    tree_hash: str
    source: str
    construct: str
    tree: Tree


@dataclass(frozen=True, slots=True)
class Proposal:
    """A planned attempt: the question, and the answer once there is one."""

    question: Question
    answer: Answer | None
    genes: Genes = field(default_factory=dict)
    """What of the recipe will be the candidate's own."""

    @property
    def attempt(self) -> int:
        """The index of the attempt."""
        return self.question.attempt


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion, and how its attempt stands after it."""

    promotion: Promotion
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Compute:
    """What an evaluation used. Wall seconds are the attempt's own, whatever ran beside it."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Spend:
    """What was spent: on one attempt (None: on finalists), or in all."""

    attempt: int | None
    wall_seconds: float
    cpu_seconds: float
    gpu_seconds: float
    usd: float
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """A result, whose it is, and why it was measured."""

    candidate_id: int
    role: Role
    result: Result


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling that is no result: a start, a resumption, a stop, a warning."""

    time: str
    kind: str
    text: str
