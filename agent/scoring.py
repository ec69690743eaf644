"""Trains candidates on the rungs of a search, and says how they stand beside their parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.space import Genes
from archgraft.agent.heritage import Heritage
from archgraft.agent.noise import mean_result, noise_of_gain, score_variance
from archgraft.agent.trainer import Trainer
from archgraft.evaluator.evaluate import Arrays, CandidateSource
from archgraft.evaluator.results import Result, Status
from archgraft.evaluator.tasks.protocol import Metric

_STREAM = 3
"""Beside the streams of planning (0), choosing (1) and the ladder (2); see agent/loop.py."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of the trainings of one candidate on one rung: one result for each seed."""

    results: Sequence[Result]
    cpu_seconds: float
    controls: Sequence[Result] = ()
    """The parent trained equally longer, with the same seeds; none when the candidate began from scratch."""
    weights: Mapping[int, Arrays] = field(default_factory=dict)
    """What it was trained to, by seed, where that was asked for."""

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

    def train(
        self,
        source: CandidateSource,
        candidate_id: int,
        rung: int,
        parent: Attempt,
        genes: Genes,
        heritage: Heritage | None = None,
        *,
        keep_weights: bool = False,
    ) -> Scored:
        """Train with one seed; on the top rung with the others as well while their mean promises a gain.

        The best of many single scores is mostly luck; a mean over seeds that the parent was trained with is not. What
        inherits is trained with the seeds alone that it has a heritage for.
        """
        trainer, cpu_seconds = self.trainers[rung].with_genes(genes), 0.0
        results: list[Result] = []
        controls: list[Result] = []
        weights: dict[int, Arrays] = {}
        for seed in self.seeds if rung == self.top else self.seeds[:1]:
            inherited = None if heritage is None else heritage.inherited(seed)
            if heritage is not None and inherited is None:
                break
            options = {"let_through": self._is_let_through(candidate_id, rung, seed), "keep_weights": keep_weights}
            start = None if inherited is None else inherited.start
            trained = trainer.train(source.source, source.construct, seed, start=start, **options)
            cpu_seconds += trained.compute.cpu_seconds
            results.append(replace(trained.result, rung=rung))
            controls += [] if inherited is None else [inherited.control]
            weights |= {} if trained.weights is None else {seed: trained.weights}
            if not self._promising(results, controls, parent):
                break
        return Scored(results, cpu_seconds, controls, weights)

    def standing(self, scored: Scored, parent_id: int, told: Sequence[Attempt], below: tuple[float, ...]) -> Standing:
        """How a candidate stands that has the scores `below` on the rungs under this one."""
        result = mean_result(scored.results)
        if not result.ok or result.metrics is None or scored.first_score is None:
            return Standing(result, None, None, improved=False, rung_scores=below)
        parent, rung, variance = told[parent_id], result.rung, 1 / result.n_seeds
        score, first = self.metric.oriented(result.metrics.score), self.metric.oriented(scored.first_score)
        theirs, their_variance = self._score_of(parent, rung, told)
        gain = None if theirs is None else score - theirs
        if scored.controls:
            control, first_control = self._control_scores(scored.controls)
            gain, their_variance = score - control, variance
            score, first = (parent.oriented_score or 0.0) + gain, parent.rung_scores[rung] + first - first_control
        noise = noise_of_gain(self.noises[rung], variance, their_variance)
        return Standing(
            result=result if rung == self.top else self._not_promoted(result),
            oriented_score=score if rung == self.top else None,
            gain=gain,
            improved=gain is not None and gain > noise,
            rung_scores=(*below, first),
        )

    def _not_promoted(self, result: Result) -> Result:
        epochs, all_epochs = (self.trainers[rung].recipe.epochs for rung in (result.rung, self.top))
        reason = f"rung {result.rung + 1} of {self.top + 1}: {epochs} of {all_epochs} epochs"
        return replace(result, status=Status.NOT_PROMOTED, reason=reason)

    def _score_of(self, parent: Attempt, rung: int, told: Sequence[Attempt]) -> tuple[float | None, float]:
        """A parent's score on a rung, and its variance as a multiple of one training's."""
        if rung == self.top:
            return parent.oriented_score, score_variance(parent, told)
        return (parent.rung_scores[rung] if rung < len(parent.rung_scores) else None), 1.0

    def _control_scores(self, controls: Sequence[Result]) -> tuple[float, float]:
        """The oriented mean of controls, and the first one's."""
        mean, first = mean_result(controls).metrics, controls[0].metrics
        assert mean is not None, "nothing inherits where the control came to no score"
        assert first is not None, "nor does the mean have one where the first has none"
        return self.metric.oriented(mean.score), self.metric.oriented(first.score)

    def _promising(self, results: Sequence[Result], controls: Sequence[Result], parent: Attempt) -> bool:
        metrics = mean_result(results).metrics
        bar = self._control_scores(controls)[0] if controls else parent.oriented_score
        return metrics is not None and bar is not None and self.metric.oriented(metrics.score) > bar

    def _is_let_through(self, candidate_id: int, rung: int, seed: int) -> bool:
        generator = np.random.default_rng([seed, candidate_id, _STREAM, rung])
        return bool(generator.random() < self.let_through_share)
