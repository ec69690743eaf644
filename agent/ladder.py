"""Asynchronous successive halving (Li et al. 2020, arXiv 1810.05934, algorithm 2): who trains on, and when.

A candidate starts on the lowest rung. Whenever the search is about to plan an attempt, it first looks whether one of
the candidates it was told of belongs to the best `1 / reduction` of its rung and was not promoted yet; a loser may come
to belong there later, as others turn out worse. Nobody waits for a rung to be complete.

A share of those that were told of goes up by chance, however they rank: what becomes of them shows how often the rungs
below are wrong.
"""

from dataclasses import dataclass

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.evaluator.rungs import best_share

_STREAM = 2
"""Beside the streams of planning (0) and choosing (1) of the same attempt; see agent/loop.py."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A candidate that goes up to a rung."""

    candidate_id: int
    rung: int
    by_chance: bool
    """Whether its rank would not have carried it."""


class Ladder:
    """The rungs of one search. Like a planner, it knows of attempts by `tell` alone (law 8)."""

    def __init__(self, n_rungs: int, reduction: int, let_through_share: float, seed: int) -> None:
        self._scores: list[dict[int, float]] = [{} for _ in range(n_rungs)]
        self._lucky: list[list[int]] = [[] for _ in range(n_rungs)]
        self._gone_up: set[tuple[int, int]] = set()
        self._reduction = reduction
        self._let_through_share = let_through_share
        self._seed = seed

    def tell(self, attempt: Attempt) -> None:
        """Take note of an attempt, or of what became of one after a promotion."""
        candidate, top = attempt.candidate_id, len(self._scores) - 1
        for rung, score in enumerate(attempt.rung_scores):
            if candidate in self._scores[rung]:
                continue
            self._scores[rung][candidate] = score
            if rung < top and self._is_lucky(candidate, rung):
                self._lucky[rung].append(candidate)
        self._gone_up |= {(candidate, rung) for rung in range(1, len(attempt.rung_scores))}

    def next_promotion(self) -> Promotion | None:
        """Who goes up now, from the highest rung that has somebody, or None. Who was named is not named again."""
        for rung in reversed(range(1, len(self._scores))):
            best = best_share(self._scores[rung - 1], self._reduction)
            for candidate in (*best, *self._lucky[rung - 1]):
                if (candidate, rung) not in self._gone_up:
                    self._gone_up.add((candidate, rung))
                    return Promotion(candidate, rung, by_chance=candidate not in best)
        return None

    def _is_lucky(self, candidate: int, rung: int) -> bool:
        generator = np.random.default_rng([self._seed, candidate, _STREAM, rung])
        return bool(generator.random() < self._let_through_share)
