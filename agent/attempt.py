"""One attempt of a search: what was tried on which parent, and what came of it. The planner learns from these alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archgraft.agent.genes.space import Genes
from archgraft.evaluator.results import Result, Status
from archgraft.tree_ops.edits import Operator


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Where a candidate falls in the MAP-Elites grid."""

    cost_band: int
    """Power-of-two band of its parameters relative to the rootstock: 0 is up to the rootstock's own size."""
    mixer: str
    """Family that holds most of its parameters."""
    depth_band: int
    """Power-of-two band of its number of leaf modules relative to the rootstock."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A finished attempt. Attempt 0 is the rootstock itself, with no parent and no operator.

    `candidate_id` equals `index`. `oriented_score` is None unless `result.ok`; more is better. It is a mean over
    `result.n_seeds` seeds: of all the search's for what keeps promising a gain, of fewer otherwise. `gain` is the
    difference to the parent's on the same rung; `improved` says that it exceeds the noise that seeds make in such a
    difference. A candidate that is promoted to a higher rung keeps its attempt, whose result is then the new one.

    Where the result is not from scratch, `gain` is the difference to the parent trained equally longer, and
    `oriented_score` the parent's with that gain, so that both kinds can be compared; what was measured is in the
    result.
    """

    index: int
    parent_id: int | None
    operator: Operator | None
    depth_band: int
    family: str
    result: Result
    oriented_score: float | None
    gain: float | None
    improved: bool
    descriptor: Descriptor | None
    n_parameters: int | None
    rung_scores: tuple[float, ...] = ()
    """Oriented scores with the search's first seed, of each rung that it was trained at, from the lowest."""
    weights_bytes: int = 0
    """Size of its trained weights, of all seeds together, where they were kept for children to inherit."""
    proxy_scores: Mapping[str, float] = field(default_factory=dict)
    """Zero-cost proxies of the untrained model, by name; none where they are turned off."""
    genes: Genes = field(default_factory=dict)
    """What of the recipe is the candidate's own; the task's for all else."""

    @property
    def candidate_id(self) -> int:
        """Attempts and candidates share their numbering."""
        return self.index

    @property
    def status(self) -> Status:
        """The result's status."""
        return self.result.status
