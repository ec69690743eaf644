"""The benchmark's table, with what a share of so many attempts says about the true one."""

from typing import Any

from rich.table import Table

from archgraft.evaluator.statistics import share_interval


def as_table(rows: list[dict[str, Any]], title: str) -> Table:
    """A row for each host, and one for all together."""
    table = Table(
        "host",
        "attempted",
        "exact",
        "valid, first draw (95 %)",
        "within 3",
        "invalid accepted",
        "ms p50 / p90",
        "CPU ms p50",
        title=title,
    )
    for row in rows:
        table.add_row(
            row["rootstock"].rpartition("/")[2][:60],
            str(row["attempted"]),
            str(row["emission_exact"]),
            _share(row["valid_first_draw"], row["attempted"]),
            str(row["valid_within_3"]),
            str(row["invalid_reached_evaluator"]),
            f"{_ms(row['ms_p50'])} / {_ms(row['ms_p90'])}",
            _ms(row["cpu_ms_p50"]),
        )
    return table


def as_stages(rows: list[dict[str, Any]]) -> Table:
    """Median milliseconds of each stage, wall and CPU."""
    stages = list(rows[0]["ms_by_stage"])
    table = Table("host", "lines", *stages, title="median ms by stage: wall (CPU)")
    for row in rows:
        wall, cpu = row["ms_by_stage"], row["cpu_ms_by_stage"]
        cells = [f"{_ms(wall[stage])} ({_ms(cpu[stage])})" for stage in stages]
        table.add_row(row["rootstock"].rpartition("/")[2][:60], str(row["n_lines"]), *cells)
    return table


def as_operators(row: dict[str, Any]) -> Table:
    """What came of each operator."""
    table = Table("operator", "attempted", "valid (95 %)", "other outcomes", title="by operator")
    for operator, outcomes in sorted(row["by_operator"].items()):
        n, good = sum(outcomes.values()), outcomes.get("ok", 0)
        other = ", ".join(f"{status} {count}" for status, count in sorted(outcomes.items()) if status != "ok")
        table.add_row(operator, str(n), _share(good, n), other)
    return table


def _share(n_good: int, n: int) -> str:
    share = share_interval(n_good, n)
    return f"{n_good} ({100 * share.low:.1f}-{100 * share.high:.1f} %)"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
