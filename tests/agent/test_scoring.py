"""How a candidate stands beside its parent, from scratch and with inherited weights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.space import Genes
from archgraft.agent.heritage import Heritage, Inherited
from archgraft.agent.noise import score_variance
from archgraft.agent.scoring import Scoring, Standing
from archgraft.agent.store.records import Compute
from archgraft.agent.trainer import Trained, Trainer
from archgraft.evaluator.evaluate import CandidateSource, Start
from archgraft.evaluator.results import Result
from tests.agent.synthetic import SyntheticRun, result_of, run_info

NOISE = 1.0
SOURCE = CandidateSource("", "")


class Trainings:
    """Gives out scores, seed by seed."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._scores = iter(scores)
        self.starts: list[Start | None] = []

    def with_genes(self, genes: Genes) -> "Trainings":
        assert not genes
        return self

    def train(self, source: str, construct: str, seed: int, *, start: Start | None, **_: object) -> Trained:
        self.starts.append(start)
        return Trained(result(next(self._scores), seed, start.epochs if start else 0), (), None, Compute())


class Controls:
    """A heritage whose parent, trained longer, comes to these scores."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._scores = scores

    def inherited(self, seed: int) -> Inherited | None:
        if seed >= len(self._scores):
            return None
        return Inherited(Start({}, 5), result(self._scores[seed], seed, 5))


def result(score: float, seed: int, inherited_epochs: int) -> Result:
    return replace(result_of(score, 100, seed), inherited_epochs=inherited_epochs)


def parent(score: float, n_seeds: int = 3) -> Attempt:
    found = SyntheticRun.attempt(0, None, None, "", replace(result_of(score, 100), n_seeds=n_seeds), None)
    return replace(found, rung_scores=(score - 1,))


def standing(scores: Sequence[float], controls: Sequence[float] | None, parent_score: float = 80.0) -> Standing:
    trainer = Trainings(scores)
    scoring = Scoring([cast(Trainer, trainer)], run_info().metric, [NOISE], range(3), 0.0)
    heritage = None if controls is None else cast(Heritage, Controls(controls))
    told = [parent(parent_score)]
    return scoring.standing(scoring.train(SOURCE, 1, 0, told[0], {}, heritage), 0, told, ())


def test_longer_training_alone_is_no_gain() -> None:
    found = standing([90.0], [90.0, 90.0, 90.0])
    assert (found.gain, found.improved, found.oriented_score) == (0.0, False, 80.0)
    assert found.result.metrics is not None
    assert (found.result.metrics.score, found.result.n_seeds, found.result.from_scratch) == (90.0, 1, False)


def test_a_gain_over_the_parent_trained_longer_counts_beyond_noise_and_stands_on_the_parents_score() -> None:
    found = standing([92.0, 93.0, 94.0], [90.0, 91.0, 92.0])
    assert (found.gain, found.improved, found.oriented_score) == (2.0, True, 82.0)
    assert found.rung_scores == (81.0,)
    slight = standing([90.2, 91.2, 92.2], [90.0, 91.0, 92.0])
    assert slight.gain == pytest.approx(0.2)
    assert not slight.improved


def test_seeds_end_where_the_parent_has_no_weights() -> None:
    assert standing([92.0, 93.0], [90.0, 91.0]).result.n_seeds == 2


def test_from_scratch_the_parents_score_is_the_bar() -> None:
    found = standing([84.0, 85.0, 86.0], None)
    assert (found.gain, found.improved, found.oriented_score, found.rung_scores) == (5.0, True, 85.0, (84.0,))


def test_a_score_that_goes_back_to_a_control_carries_the_noise_of_all_three() -> None:
    heir = replace(SyntheticRun.attempt(1, 0, "insert", "", result(90.0, 0, 5), 0.5), parent_id=0)
    told = [parent(80.0), heir]
    assert score_variance(told[0], told) == pytest.approx(1 / 3)
    assert score_variance(heir, told) == pytest.approx(1 / 3 + 2)
