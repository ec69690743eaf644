"""Lets zero-cost proxies reject candidates before training, while real results say that they are worth listening to.

A proxy is believed as long as its rank correlation (Spearman 1904, ties averaged) with the scores of this very search
is good enough, and no longer: elsewhere even the sign of such correlations changes from one space of architectures to
the next (Krishnakumar et al. 2022, NAS-Bench-Suite-Zero, arXiv 2210.03230). Those that are believed reject together, by
their mean rank, the lowest share of all candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from archgraft.agent.errors import UsageError
from archgraft.agent.settings import ProxySettings
from archgraft.evaluator.proxies.names import NAMES

WINDOW = 200
"""Candidates that are remembered: what was true of small early models needn't be of the later ones."""
_STREAM = 4
"""Beside the streams of planning (0), choosing (1), the ladder (2) and early stops (3) of the same attempt."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finished attempt: its proxies, and what it reached; None for one that was rejected, or failed."""

    candidate_id: int
    scores: Mapping[str, float]
    oriented_score: float | None


@dataclass(frozen=True, slots=True)
class ProxyVerdict:
    """Whether a candidate is trained, and one line that says why not; both for one let through by chance."""

    passes: bool
    reason: str = ""

    @property
    def let_through(self) -> bool:
        """Whether it passes although the proxies are against it."""
        return self.passes and bool(self.reason)


@dataclass(frozen=True)
class ProxyFilter:
    """What proxies and results of a search say together. A value: `told` gives the next one, so that what an attempt
    is judged by is what was known when it was planned (law 8).

    `let_through_share` of the rejected pass all the same: without them, nobody would know what the rejected are worth.
    """

    settings: ProxySettings
    let_through_share: float
    seed: int
    known: tuple[Known, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The proxies to compute; none turns the filter off."""
        return proxy_names(self.settings.names)

    def told(self, candidate_id: int, scores: Mapping[str, float], oriented_score: float | None) -> "ProxyFilter":
        """The filter that knows of one more attempt; what is told of the same candidate later takes its place.

        More of `oriented_score` is better; all are to be of one level of training, the lowest rung's. Tell of the
        rootstock, too, and of the rejected, so that a share of all is rejected and not one of those that are left.
        """
        others = [one for one in self.known if one.candidate_id != candidate_id]
        return replace(self, known=(*others, Known(candidate_id, dict(scores), oriented_score))[-WINDOW:])

    @cached_property
    def correlations(self) -> Mapping[str, float]:
        """Running rank correlation with real scores, of each proxy that has results enough to tell."""
        found = {}
        for name in self.names:
            pairs = [
                (one.scores[name], one.oriented_score)
                for one in self.known
                if name in one.scores and one.oriented_score is not None
            ]
            if len(pairs) >= self.settings.min_results:
                found[name] = rank_correlation(np.array(pairs))
        return found

    @cached_property
    def believed(self) -> tuple[str, ...]:
        """The proxies that are switched on now."""
        return tuple(name for name, found in self.correlations.items() if found >= self.settings.min_correlation)

    def verdict(self, attempt: int, scores: Mapping[str, float]) -> ProxyVerdict:
        """What the believed proxies say of a candidate; a proxy without a score says nothing, nor does its lack."""
        used = tuple(name for name in self.believed if name in scores)
        rivals = [one for one in self.known if all(name in one.scores for name in used)]
        if not used or len(rivals) < self.settings.min_results:
            return ProxyVerdict(passes=True)
        place = mean_rank_place(np.array([[one[name] for name in used] for one in (*_scores(rivals), scores)]))
        n = len(rivals) + 1
        if place > self.settings.reject_share * n:
            return ProxyVerdict(passes=True)
        told = ", ".join(f"{name} (rank correlation {self.correlations[name]:.2f})" for name in used)
        reason = (
            f"place {place:g} from below among {n} by {told}; the lowest {self.settings.reject_share:.0%} are rejected"
        )
        return ProxyVerdict(self._is_lucky(attempt), reason)

    def _is_lucky(self, attempt: int) -> bool:
        return np.random.default_rng([self.seed, attempt, _STREAM]).random() < self.let_through_share


def proxy_names(text: str) -> tuple[str, ...]:
    """The proxies that the setting `proxies.names` lists, none for an empty one. Raises `UsageError`."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise UsageError(
            f"setting proxies.names lists {', '.join(map(repr, unknown))}; proxies are {', '.join(NAMES)}, separated "
            "by commas, and an empty text turns them off"
        )
    return names


def rank_correlation(pairs: np.ndarray) -> float:
    """Spearman's, of rows (n, 2), ties averaged; 0 where one column is constant, since it says nothing of the other."""
    from scipy.stats import spearmanr

    if any(len(np.unique(column)) < 2 for column in pairs.T):
        return 0.0
    return float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic)


def mean_rank_place(scores: np.ndarray) -> float:
    """Place of the last row of (n, proxies) by its mean rank over proxies, from 1, the lowest; ties share a place."""
    from scipy.stats import rankdata

    return float(rankdata(rankdata(scores, axis=0).mean(1))[-1])


def _scores(known: list[Known]) -> list[Mapping[str, float]]:
    return [one.scores for one in known]
