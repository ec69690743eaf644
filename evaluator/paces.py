"""What timed rounds say: a ratio of two models' forward passes with its interval, and whether it can be believed.

The parent's clock can't be forged, but the candidate runs on the same machine as what it is compared with. Two signs
tell that it didn't leave the rootstock in peace: processor time that it used while it should have waited, and a
rootstock that is slower beside it than alone, both before the candidate came and after it was gone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from archgraft.evaluator.latency import Latency
from archgraft.evaluator.timed_side import TimedSide
from archgraft.evaluator.variants import Variant

SLOWED = 1.1
"""How many times slower the rootstock must be beside the candidate, beyond both intervals, to count as slowed down."""
BUSY_SHARE = 0.02
"""The most processor time that a candidate may use while it should wait, as a share of that time. Honest ones use a
thousandth."""


class UntimedError(Exception):
    """There is no ratio to tell; the message says why."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One of the two models, timed."""

    latency: Latency
    joules: float | None
    """The processor's energy for one batch; none without a sensor."""
    peak_memory_bytes: int
    """Of a process that only runs this model, beyond what every child starts with; on a CUDA GPU what torch allocated
    there."""
    n_fused: int
    """Batch norms that were folded away."""


@dataclass(frozen=True, slots=True)
class LatencyComparison:
    """A model's forward pass beside the rootstock's. `ratio` below 1 means faster; `low` and `high` are at 95 %."""

    variant: Variant
    candidate: Pace
    rootstock: Pace
    ratio: float
    low: float
    high: float
    n_rounds: int
    slowdown: float
    """The rootstock's pass beside the candidate, as a multiple of its pass alone: about 1."""
    doubt: str
    """Why the ratio is not to be believed; empty when it is."""


@dataclass(slots=True)
class Taken:
    """What one model took in each round."""

    seconds: list[float] = field(default_factory=list)
    joules: list[float | None] = field(default_factory=list)


@dataclass(slots=True)
class Rounds:
    """Seconds there and back, round by round; in each a model runs `n_batches` batches."""

    n_batches: int
    batch_size: int
    candidate: Taken = field(default_factory=Taken)
    rootstock: Taken = field(default_factory=Taken)
    alone_before: list[float] = field(default_factory=list)
    """The rootstock's, before the candidate came."""
    alone_after: list[float] = field(default_factory=list)
    """And after it was gone."""
    echoes: list[float] = field(default_factory=list)
    """With nothing run: by the rootstock, as a candidate could draw its own out."""

    def passes(self, seconds: Sequence[float]) -> np.ndarray:
        """Seconds of one pass of one batch, for each round. Raises `UntimedError` when they are too short to tell."""
        found = (np.array(seconds) - np.median(self.echoes)) / self.n_batches
        if np.median(found) <= 0:
            raise UntimedError("a forward pass takes no longer than the way there and back")
        return np.maximum(found, 1e-9)

    def slowdown(self) -> tuple[float, bool]:
        """How many times slower the rootstock is beside the candidate, and whether that is beyond noise."""
        beside, low, _ = median_interval(self.passes(self.rootstock.seconds).tolist())
        before, after = (
            median_interval(self.passes(block).tolist()) for block in (self.alone_before, self.alone_after)
        )
        return beside / max(before[0], after[0]), low > SLOWED * max(before[2], after[2])


def compared(variant: Variant, rounds: Rounds, candidate: TimedSide, rootstock: TimedSide) -> LatencyComparison:
    """The comparison, from both models' rounds and finished children. Raises `UntimedError`."""
    ours, theirs = (rounds.passes(taken.seconds) for taken in (rounds.candidate, rounds.rootstock))
    ratio, low, high = median_interval((ours / theirs).tolist())
    return LatencyComparison(
        variant=variant,
        candidate=_pace(candidate, ours, rounds.candidate.joules, rounds),
        rootstock=_pace(rootstock, theirs, rounds.rootstock.joules, rounds),
        ratio=ratio,
        low=low,
        high=high,
        n_rounds=len(ours),
        slowdown=rounds.slowdown()[0],
        doubt=doubt_about(rounds, candidate.outcome.idle_cpu_seconds, candidate.waited_seconds),
    )


def doubt_about(rounds: Rounds, idle_cpu_seconds: float, waited_seconds: float) -> str:
    """Why the candidate's times are not to be believed; empty when they are."""
    if idle_cpu_seconds > BUSY_SHARE * waited_seconds:
        used = f"{idle_cpu_seconds:.2f} s of processor time"
        return f"it used {used} in the {waited_seconds:.2f} s it should have waited"
    slowdown, beyond_noise = rounds.slowdown()
    if beyond_noise:
        return f"the rootstock took {slowdown:.2f} times as long beside it as alone"
    return ""


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """The median with bounds that hold it with at least this confidence, whatever the distribution.

    The bounds are two of the values (order statistics: Conover 1999, "Practical Nonparametric Statistics", section
    3.2); with fewer than six no pair is wide enough for 95 %, and they are infinite.
    """
    from scipy.stats import binom

    ordered = sorted(values)
    rank = int(binom.ppf((1 - confidence) / 2, len(ordered), 0.5))
    if rank < 1:
        return float(np.median(ordered)), -math.inf, math.inf
    return float(np.median(ordered)), ordered[rank - 1], ordered[-rank]


def _pace(side: TimedSide, passes: np.ndarray, joules: Sequence[float | None], rounds: Rounds) -> Pace:
    p50, p95 = np.percentile(1e3 * passes, [50, 95])
    known = [value for value in joules if value is not None]
    return Pace(
        latency=Latency(float(p50), float(p95), rounds.batch_size),
        joules=float(np.median(known)) / rounds.n_batches if known else None,
        peak_memory_bytes=side.peak_memory_bytes,
        n_fused=side.n_fused,
    )
