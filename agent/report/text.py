"""Numbers as people read them."""

import math
from collections.abc import Iterable

MINUS = "\N{MINUS SIGN}"

INHERITED = "weights inherited"
"""The mark of a score that is not from scratch."""


def decimals_for(values: Iterable[float]) -> int:
    """How many decimals keep these values apart: two digits of their spread, at most four decimals."""
    finite = [value for value in values if math.isfinite(value)]
    spread = max(finite) - min(finite) if finite else 0.0
    if spread <= 0:
        return 2
    return min(4, max(0, 1 - math.floor(math.log10(spread))))


def number(value: float, decimals: int = 2, signed: bool = False) -> str:
    """A plain decimal with a true minus sign."""
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    return text.replace("-", MINUS)


def score(value: float, unit: str, decimals: int = 2) -> str:
    """A score with its unit."""
    return f"{number(value, decimals)} {unit}".rstrip()


def difference(value: float, unit: str, decimals: int = 2) -> str:
    """A signed difference of two scores; of two percentages it is in points."""
    return f"{number(value, decimals, signed=True)} {'points' if unit == '%' else unit}".rstrip()


def count(value: float) -> str:
    """A large number in three digits: 9,120 · 12.3 k · 4.56 M · 1.20 G."""
    if abs(value) >= 1e4:
        value = float(f"{value:.3g}")
    for factor, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= factor:
            scaled = value / (1e3 if suffix == "k" else factor)
            return f"{scaled:.{max(0, 2 - int(math.log10(abs(scaled))))}f} {suffix}"
    return f"{value:,.0f}"


def ratio(after: float, before: float) -> str:
    """How a cost changed: `1.4 x`, or `same`."""
    if not before:
        return ""
    if abs(after / before - 1) < 0.005:
        return "same"
    return f"{after / before:.2f} ×"


def share(value: float) -> str:
    """A part of a whole, in percent."""
    return f"{100 * value:.0f} %"


def duration(seconds: float) -> str:
    """A time span in its two leading units."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def words(name: str) -> str:
    """An identifier as words."""
    return name.replace("_", " ")


def sentence(words: str) -> str:
    """The words with a capital first letter and nothing else changed."""
    return words[:1].upper() + words[1:]
