"""The energy that the machine's own sensors report, where there are any: all of the processor, whoever uses it."""

from collections.abc import Callable
from pathlib import Path

RAPL = Path("/sys/class/powercap")
"""Intel's and AMD's running average power limit, as Linux shows it; many machines let only root read it."""

Joules = Callable[[], float | None]
"""Energy used so far, in joules; None without a sensor. Only differences mean anything; a counter may wrap around."""


def joules_so_far(folder: Path = RAPL) -> float | None:
    """The sum over processor packages."""
    try:
        counters = [int(path.read_text()) for path in sorted(folder.glob("intel-rapl:?/energy_uj"))]
    except OSError:
        return None
    return sum(counters) / 1e6 if counters else None


def used(before: float | None, after: float | None) -> float | None:
    """Joules between two readings; None without a sensor, or when its counter began anew in between."""
    return None if before is None or after is None or after < before else after - before
