"""Intervals over seeds: is a difference more than noise? Scores in, plain numbers out.

With three to ten seeds a bootstrap interval is far too narrow; Student's t is exact for normal noise.
Source: Student 1908, "The probable error of a mean"; on seeds in deep learning, Bouthillier et al. 2021 (arXiv
2103.03098).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval. With one value the interval is infinite: one seed says nothing of noise."""

    mean: float
    low: float
    high: float
    n: int
    confidence: float

    @property
    def known(self) -> bool:
        """Whether there were enough values for bounds."""
        return bool(np.isfinite(self.low))

    @property
    def half_width(self) -> float:
        """Half the interval: mean +- half_width."""
        return (self.high - self.low) / 2

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above zero: for differences, better beyond noise."""
        return self.low > 0


def mean_interval(values: Sequence[float] | np.ndarray, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean of values (n,). Raises `ValueError` when there are none or one isn't finite."""
    from scipy.stats import t

    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise ValueError(f"values must be a non-empty row of finite numbers, but got {found!r}")
    mean = float(found.mean())
    if len(found) == 1:
        return Interval(mean, -np.inf, np.inf, 1, confidence)
    error = float(found.std(ddof=1)) / np.sqrt(len(found))
    half = float(t.ppf(0.5 + confidence / 2, len(found) - 1)) * error
    return Interval(mean, float(mean - half), float(mean + half), len(found), confidence)


def share_interval(n_good: int, n: int, confidence: float = 0.95) -> Interval:
    """The share of so many successes in `n` tries, with Wilson's interval (1927, "Probable inference", equation 6).

    Without a try the share is nan, and the interval from 0 to 1.
    """
    from scipy.stats import binomtest

    if n == 0:
        return Interval(np.nan, 0.0, 1.0, 0, confidence)
    bounds = binomtest(n_good, n).proportion_ci(confidence, method="wilson")
    return Interval(n_good / n, float(bounds.low), float(bounds.high), n, confidence)


def seed_noise(values: Sequence[float] | np.ndarray) -> float:
    """Standard deviation (n - 1) of one model's scores over seeds; infinite for a single seed."""
    found = np.asarray(values, dtype=np.float64)
    return float(found.std(ddof=1)) if len(found) > 1 else float("inf")


def paired_difference(
    candidate: Sequence[float] | np.ndarray, rootstock: Sequence[float] | np.ndarray, confidence: float = 0.95
) -> Interval:
    """Interval of candidate minus rootstock, (n,) each, entry i of both from seed i and the same data.

    Pass oriented scores, so that above zero means better. Raises `ValueError` when the lengths differ.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (candidate, rootstock))
    if first.shape != second.shape:
        raise ValueError(f"paired scores must have one length, but got {first.shape} and {second.shape}")
    return mean_interval(first - second, confidence)
