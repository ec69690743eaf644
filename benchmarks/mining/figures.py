"""The figures of one corpus, and how they are shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from rich.table import Table

READABLE_LINES = 300
SHOWN_REASONS = 12
"""Of each stage, in the table; the JSON holds all."""


@dataclass(frozen=True, slots=True)
class MiningFigures:
    """Counts are of classes in the sample, times of this machine.

    `executes_clean` are sources without an empty class for a missing package. `forward` and `backward` are of all that
    execute, losses and whole models too; `in_library` are distinct modules that keep every promise of a contract.
    `n_comparable` of the sample could be compared with the original, which `differs` and `not_comparable` list by name.
    `peak_memory_bytes` is that of the process which indexes and extracts.
    """

    corpus: str
    n_classes: int
    n_sampled: int
    extracted: int
    executes: int
    executes_clean: int
    constructed: int
    forward: int
    backward: int
    in_library: int
    equal_to_original: int
    n_comparable: int
    lines: list[int]
    lines_p50: float
    lines_p90: float
    share_within_300_lines: float
    index_seconds: float
    index_warm_seconds: float
    extract_ms_p50: float
    extract_ms_p90: float
    peak_memory_bytes: int
    failures: dict[str, dict[str, int]]
    differs: dict[str, str]
    not_comparable: dict[str, str]


def as_json(found: Sequence[MiningFigures]) -> str:
    """One object for one corpus, a list for several."""
    plain = [asdict(figures) for figures in found]
    return json.dumps(plain[0] if len(plain) == 1 else plain, indent=2) + "\n"


def as_table(figures: MiningFigures) -> Table:
    """All figures of one corpus, then the commonest reasons for failures with their counts, and what differs."""
    table = Table("figure", "value", title=figures.corpus)
    for field in fields(figures):
        value = getattr(figures, field.name)
        if not isinstance(value, dict | list | str):
            table.add_row(field.name, f"{value:.4g}" if isinstance(value, float) else str(value))
    for stage, reasons in figures.failures.items():
        for reason, count in list(reasons.items())[:SHOWN_REASONS]:
            table.add_row(f"{stage}: {reason}", str(count))
    for name, reason in figures.differs.items():
        table.add_row(f"differs: {name}", reason)
    return table


def line_figures(lines: Sequence[int]) -> dict[str, Any]:
    """The fields that say how long the extracted sources are."""
    return {
        "lines": sorted(lines),
        "lines_p50": float(np.quantile(lines or [0], 0.5)),
        "lines_p90": float(np.quantile(lines or [0], 0.9)),
        "share_within_300_lines": sum(n <= READABLE_LINES for n in lines) / max(1, len(lines)),
    }


def together(name: str, found: Sequence[MiningFigures]) -> MiningFigures:
    """Several corpora as one: counts are added, all sources' lines pooled, of times and memory the largest is taken."""
    added = [
        *("n_classes", "n_sampled", "extracted", "executes", "executes_clean", "constructed", "forward", "backward"),
        *("in_library", "equal_to_original", "n_comparable"),
    ]
    largest = ("index_seconds", "index_warm_seconds", "extract_ms_p50", "extract_ms_p90", "peak_memory_bytes")
    return MiningFigures(
        corpus=name,
        **{field: sum(getattr(one, field) for one in found) for field in added},
        **{field: max(getattr(one, field) for one in found) for field in largest},
        **line_figures([n for one in found for n in one.lines]),
        failures={},
        differs={key: reason for one in found for key, reason in one.differs.items()},
        not_comparable={key: reason for one in found for key, reason in one.not_comparable.items()},
    )
