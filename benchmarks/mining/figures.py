"""The figures of one corpus, and how they are shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

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
        if not isinstance(value, dict | str):
            table.add_row(field.name, f"{value:.4g}" if isinstance(value, float) else str(value))
    for stage, reasons in figures.failures.items():
        for reason, count in list(reasons.items())[:SHOWN_REASONS]:
            table.add_row(f"{stage}: {reason}", str(count))
    for name, reason in figures.differs.items():
        table.add_row(f"differs: {name}", reason)
    return table


def as_markdown(found: Sequence[MiningFigures]) -> str:
    """A row for each corpus, as docs/mining.md shows them, and one for all together."""
    rows = [
        "| source | classes | executes | clean | forward and backward | equal to the original | in the library "
        "| lines p50 / p90 | index, again | extract |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*rows, *map(_row, found)]) + "\n"


def _row(figures: MiningFigures) -> str:
    cells = (
        figures.corpus,
        f"{figures.n_sampled:,}" + (f" of {figures.n_classes:,}" if figures.n_sampled < figures.n_classes else ""),
        _share(figures.executes, figures.n_sampled),
        _share(figures.executes_clean, figures.n_sampled),
        _share(figures.backward, figures.executes),
        f"{figures.equal_to_original} of {figures.n_comparable}",
        f"{figures.in_library}",
        f"{figures.lines_p50:.0f} / {figures.lines_p90:.0f}",
        f"{figures.index_seconds:.1f} s, {figures.index_warm_seconds:.2f} s",
        f"{figures.extract_ms_p50:.0f} ms",
    )
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
