"""Trains candidates on the rungs of a search, and says how they stand beside their parents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.space import Genes
from archgraft.agent.noise import mean_result, noise_of_gain
from archgraft.agent.trainer import Trainer
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.results import Result, Status
from archgraft.evaluator.tasks.protocol import Metric

_STREAM = 3
"""Beside the streams of planning (0), choosing (1) and the ladder (2); see agent/loop.py."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of the trainings of one candidate on one rung: one result for each seed."""

    results: Sequence[Result]
    cpu_seconds: float

    @property
    def first_score(self) -> float | None:
        """With the search's first seed."""
        metrics = self.results[0].metrics
        return metrics.score if metrics is not None else None


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of an attempt that a training decides; see `Attempt`."""

    result: Result
    oriented_score: float | None
    gain: float | None
    improved: bool
    rung_scores: tuple[float, ...]


@dataclass(frozen=True)
class Scoring:
    """One search's way of telling what a candidate is worth."""

    trainers: Sequence[Trainer]
    """By rung, the lowest first."""
    metric: Metric
    noises: Sequence[float]
    """Standard deviation of the rootstock's score over seeds, by rung."""
    seeds: Sequence[int]
    let_through_share: float
    """Of the trainings that the learning curve would have ended."""

    @property
    def top(self) -> int:
        """The highest rung: the whole recipe."""
        return len(self.trainers) - 1

    def train(self, source: CandidateSource, candidate_id: int, rung: int, parent: Attempt, genes: Genes) -> Scored:
        """Train with one seed; on the top rung with the others as well while their mean promises a gain.

        The best of many single scores is mostly luck; a mean over seeds that the parent was trained with is not.
        """
        trainer, results, cpu_seconds = self.trainers[rung].with_genes(genes), [], 0.0
        for seed in self.seeds if rung == self.top else self.seeds[:1]:
            let_through = self._is_let_through(candidate_id, rung, seed)
            trained = trainer.train(source.source, source.construct, seed, let_through=let_through)
            cpu_seconds += trained.compute.cpu_seconds
            results.append(replace(trained.result, rung=rung))
            if not self._promising(results, parent):
                break
        return Scored(results, cpu_seconds)

    def standing(self, scored: Scored, parent: Attempt, below: tuple[float, ...] = ()) -> Standing:
        """How a candidate stands that has the scores `below` on the rungs under this one."""
        result = mean_result(scored.results)
        if not result.ok or result.metrics is None or scored.first_score is None:
            return Standing(result, None, None, improved=False, rung_scores=below)
        score, rung = self.metric.oriented(result.metrics.score), result.rung
        theirs, n_theirs = self._score_of(parent, rung)
        gain = None if theirs is None else score - theirs
        noise = noise_of_gain(self.noises[rung], result.n_seeds, n_theirs)
        return Standing(
            result=result if rung == self.top else self._not_promoted(result),
            oriented_score=score if rung == self.top else None,
            gain=gain,
            improved=gain is not None and gain > noise,
            rung_scores=(*below, self.metric.oriented(scored.first_score)),
        )

    def _not_promoted(self, result: Result) -> Result:
        epochs, all_epochs = (self.trainers[rung].recipe.epochs for rung in (result.rung, self.top))
        reason = f"rung {result.rung + 1} of {self.top + 1}: {epochs} of {all_epochs} epochs"
        return replace(result, status=Status.NOT_PROMOTED, reason=reason)

    def _score_of(self, parent: Attempt, rung: int) -> tuple[float | None, int]:
        """A parent's score on a rung, and how many seeds it is the mean of."""
        if rung == self.top:
            return parent.oriented_score, parent.result.n_seeds
        return (parent.rung_scores[rung] if rung < len(parent.rung_scores) else None), 1

    def _promising(self, results: Sequence[Result], parent: Attempt) -> bool:
        metrics = mean_result(results).metrics
        if metrics is None or parent.oriented_score is None:
            return False
        return self.metric.oriented(metrics.score) > parent.oriented_score

    def _is_let_through(self, candidate_id: int, rung: int, seed: int) -> bool:
        generator = np.random.default_rng([seed, candidate_id, _STREAM, rung])
        return bool(generator.random() < self.let_through_share)
