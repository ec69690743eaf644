"""What a verified candidate must pass before it is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from archgraft.agent.attempt import Attempt
from archgraft.agent.proxies import ProxyFilter
from archgraft.agent.trainer import Trainer
from archgraft.evaluator.cost_check import CostRatios
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.proxies.score import ProxyScores
from archgraft.evaluator.results import Passage, Stage, StageRecord, Status


@dataclass(frozen=True, slots=True)
class Entrant:
    """A verified candidate that asks to be trained: that of attempt `index`, planned from the attempts `told`."""

    source: CandidateSource
    index: int
    told: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screen said: `status` is `OK` unless it rejected the candidate."""

    status: Status
    record: StageRecord
    cpu_seconds: float
    proxy_scores: Mapping[str, float] = field(default_factory=dict)


class Screen(Protocol):
    """One stage of the cascade, cheaper than a training."""

    def __call__(self, entrant: Entrant) -> Screened:
        """Look at a candidate. Raises `SandboxError`."""
        ...


@dataclass(frozen=True)
class CostScreen:
    """Hard limits on latency and memory, as multiples of the rootstock's: nobody is let through."""

    trainer: Trainer
    rootstock: CandidateSource
    ratios: CostRatios
    seed: int

    def __call__(self, entrant: Entrant) -> Screened:
        """Time the untrained candidate beside the rootstock."""
        found = self.trainer.check_cost(entrant.source, self.rootstock, self.ratios, self.seed)
        passage = Passage.REJECTED if found.reason else Passage.PASSED
        record = StageRecord(Stage.GATES, passage, found.wall_seconds, found.reason)
        return Screened(found.status, record, found.cpu_seconds)


@dataclass(frozen=True)
class ProxyScreen:
    """Zero-cost proxies of the untrained candidate, as far as the results told so far bear them out."""

    trainer: Trainer
    proxies: ProxyFilter
    seed: int

    def computed(self, source: CandidateSource) -> ProxyScores:
        """The proxies of a model."""
        return self.trainer.proxies(source, self.proxies.names, self.seed)

    def __call__(self, entrant: Entrant) -> Screened:
        """Compute the proxies and hear the filter that knows what was told."""
        found = self.computed(entrant.source)
        known = self.proxies
        for attempt in entrant.told:
            score = attempt.rung_scores[0] if attempt.rung_scores else None
            known = known.told(attempt.candidate_id, attempt.proxy_scores, score)
        verdict = known.verdict(entrant.index, found.scores)
        passage = Passage.LET_THROUGH if verdict.let_through else Passage.PASSED
        status = Status.OK
        if not verdict.passes:
            passage, status = Passage.REJECTED, Status.OUTRANKED
        record = StageRecord(Stage.PROXIES, passage, found.wall_seconds, verdict.reason)
        return Screened(status, record, found.cpu_seconds, found.scores)
