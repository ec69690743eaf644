"""Does the planner beat uniform random edits? `python -m benchmarks.search --library LIB --seeds 5`.

Whole searches on a real task at equal attempted budget, one per planner and seed. Each ends with its winner and the
rootstock trained anew with the same seeds and scored on the sealed test split; the gain is the difference of these
means. Both planners meet the same seeds, so their difference is paired.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archgraft.agent.budget import Budget
from archgraft.agent.paths import cache_folder
from archgraft.agent.progress import Tally
from archgraft.agent.report.comparison import compare
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.settings import with_values
from archgraft.agent.settings_sources import load_settings
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.evaluator.statistics import Interval, mean_interval
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import OPERATORS

NEVER_TRAINED = {"no_option", "duplicate", "invalid", "over_limit"}


class Silent:
    """A watcher that keeps to itself."""

    def phase(self, text: str) -> None:
        """Nothing to say."""

    def warning(self, text: str) -> None:
        """Nothing to say."""

    def attempt(self, attempt: object, left: str) -> None:
        """Nothing to say."""


def main() -> None:
    """Run all searches, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="examples/resnet.py:ResNet")
    parser.add_argument("--task", default="digits")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--planner", action="append", choices=("random", "thompson"))
    parser.add_argument("--trials", type=int, default=36)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    planners = arguments.planner or ["random", "thompson"]
    rows: list[dict[str, Any]] = []
    with LocalSandbox(preload=PRELOAD) as sandbox:
        for seed in range(arguments.seeds):
            for planner in planners:
                rows.append(one_search(arguments, planner, seed, sandbox))
                print(line(rows[-1]), flush=True)
    summary = summarise(rows, planners)
    for text in summary_lines(summary):
        print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps({"runs": rows, "summary": summary}, indent=2))


def one_search(arguments: argparse.Namespace, planner: str, seed: int, sandbox: LocalSandbox) -> dict[str, Any]:
    """One whole search; what it found and what it cost."""
    settings = with_values(load_settings(None, arguments.overrides), {"search.planner": planner, "search.seed": seed})
    folder = Path(tempfile.mkdtemp(prefix="archgraft-benchmark-"))
    request = SearchRequest(
        model=arguments.model,
        task=arguments.task,
        library=arguments.library,
        budget=Budget(trials=arguments.trials),
        out=folder / "run",
        settings=settings,
    )
    try:
        search(request, cache_folder(), sandbox, Silent())
        with load_run(request.out) as run:
            return row_of(run, planner, seed)
    finally:
        shutil.rmtree(folder)


def row_of(run: RunReader, planner: str, seed: int) -> dict[str, Any]:
    """The figures of a finished run."""
    comparison = compare(run)
    assert comparison is not None, "a finished search has scores"
    difference = comparison.difference
    tally = Tally()
    for attempt in run.attempts():
        tally.add(attempt)
    n_untrained = sum(tally.statuses[status] for status in NEVER_TRAINED)
    n_crashed_before = sum(
        a.result.stage in ("emit", "verify") and a.status in ("crash", "timeout") for a in run.attempts()
    )
    return {
        "planner": planner,
        "seed": seed,
        "rootstock": comparison.rootstock.interval.mean,
        "best": comparison.best.interval.mean,
        "gain": run.info.metric.oriented(comparison.best.interval.mean - comparison.rootstock.interval.mean),
        "beyond_noise": comparison.verdict == "better",
        "difference_low": None if difference is None else difference.low,
        "parameters_ratio": comparison.best.metrics.n_parameters / comparison.rootstock.metrics.n_parameters,
        "n_attempts": tally.n_attempts,
        "n_improved": tally.n_improved,
        "reached_training": 1 - (n_untrained + n_crashed_before) / max(tally.n_attempts, 1),
        "statuses": dict(tally.statuses),
        "operators": {name: sum(a.operator == name for a in run.attempts()) for name in OPERATORS},
        "wall_seconds": run.stored_seconds(),
    }


def summarise(rows: Sequence[dict[str, Any]], planners: Sequence[str]) -> dict[str, Any]:
    """Means over seeds with 95 % intervals, and the paired difference to the control."""
    gains = {planner: [row["gain"] for row in rows if row["planner"] == planner] for planner in planners}
    summary: dict[str, Any] = {
        planner: {
            "gain": as_json(mean_interval(gains[planner])),
            "beyond_noise": sum(row["beyond_noise"] for row in rows if row["planner"] == planner),
            "n": len(gains[planner]),
            "reached_training": min(row["reached_training"] for row in rows if row["planner"] == planner),
        }
        for planner in planners
    }
    if {"random", "thompson"} <= set(planners):
        paired = [ours - control for ours, control in zip(gains["thompson"], gains["random"], strict=True)]
        summary["thompson - random"] = {"gain": as_json(mean_interval(paired))}
    return summary


def as_json(interval: Interval) -> dict[str, float]:
    """An interval as plain data."""
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


def line(row: dict[str, Any]) -> str:
    """One search in one line."""
    return (
        f"{row['planner']:<9} seed {row['seed']}: {row['rootstock']:.2f} -> {row['best']:.2f}, gain {row['gain']:+.2f}"
        f"{' beyond noise' if row['beyond_noise'] else ''}, {row['parameters_ratio']:.2f} x parameters, "
        f"{row['reached_training']:.0%} of {row['n_attempts']} trained, {row['wall_seconds']:.0f} s, {row['statuses']}"
    )


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """The table at the end."""
    return [
        f"{name:<18} gain {row['gain']['mean']:+.2f} [{row['gain']['low']:+.2f}, {row['gain']['high']:+.2f}]"
        + (f", beyond noise in {row['beyond_noise']} of {row['n']}" if "n" in row else "")
        for name, row in summary.items()
    ]


if __name__ == "__main__":
    main()
