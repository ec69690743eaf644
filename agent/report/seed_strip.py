"""Where the dots of the report's seed strip go: each model's scores by seed, their mean and its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from archgraft.agent.report.comparison import Comparison, Side

_DOT_WIDTH = 0.012


@dataclass(frozen=True, slots=True)
class Row:
    """One model. All positions are shares of the strip's width, from 0 to 1."""

    name: str
    dots: tuple[tuple[float, int], ...]
    """One a seed, with how many dots it is lifted by so that equal scores don't hide one another."""
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SeedStrip:
    """Both rows on one scale, and the scores at the ticks."""

    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, float], ...]


def seed_strip(comparison: Comparison) -> SeedStrip | None:
    """The strip, or None when there is but one model."""
    if comparison.best.candidate_id == comparison.rootstock.candidate_id:
        return None
    sides = (("rootstock", comparison.rootstock), ("best", comparison.best))
    shown = [value for _, side in sides for value in _shown(side)]
    low, high = min(shown), max(shown)
    margin = 0.06 * (high - low) or 0.5
    low, high = low - margin, high + margin
    rows = tuple(_row(name, side, low, high) for name, side in sides)
    return SeedStrip(rows, tuple(((tick - low) / (high - low), tick) for tick in round_ticks(low, high)))


def round_ticks(low: float, high: float, n: int = 8) -> Sequence[float]:
    """About `n` round numbers between two bounds."""
    rough = (high - low) / n
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    first = math.ceil(low / step)
    return [round(k * step, 10) for k in range(first, math.floor(high / step) + 1)]


def _lifted(places: Sequence[float]) -> tuple[tuple[float, int], ...]:
    return tuple(
        (place, sum(place - earlier < _DOT_WIDTH for earlier in places[:number])) for number, place in enumerate(places)
    )


def _shown(side: Side) -> list[float]:
    bounds = [side.interval.low, side.interval.high] if side.interval.known else []
    return [*side.scores.values(), *bounds]


def _row(name: str, side: Side, low: float, high: float) -> Row:
    def place(value: float) -> float:
        return (value - low) / (high - low)

    interval = side.interval
    ends = (interval.low, interval.high) if interval.known else (interval.mean, interval.mean)
    dots = _lifted(sorted(place(value) for value in side.scores.values()))
    return Row(name, dots, place(interval.mean), place(ends[0]), place(ends[1]))
