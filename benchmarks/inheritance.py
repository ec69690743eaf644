"""Does training from inherited weights pay? `python -m benchmarks.inheritance --library LIB --json FILE`.

Whole searches, each with the same CPU seconds to spend before its finals, with `search.inherit_weights` and without,
both with the same seeds, so that their difference is paired. The gain is that of the winner over the rootstock on the
sealed test split, both trained from scratch. Besides: how often a child that began with its parent's weights beat what
its parent had (the naive figure: it was trained longer), and how often the parent trained equally longer.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archgraft.agent.budget import Budget
from archgraft.agent.paths import cache_folder
from archgraft.agent.report.tallies import InheritedTally, inherited_tally
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.settings import with_values
from archgraft.agent.settings_sources import load_settings
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.evaluator.statistics import mean_interval, paired_difference, share_interval
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.search import Silent, as_json, row_of

ARMS = {"from scratch": False, "inherited": True}
UNLIMITED = Budget(trials=100_000)
ENDED = Budget(trials=1)
"""With which a search that was stopped finishes what is in flight and goes on to its finals."""


@dataclass
class Stopwatch(Silent):
    """Stops a search when its CPU seconds are spent."""

    run_folder: Path
    cpu_seconds: float

    def attempt(self, attempt: object, left: str) -> None:
        """Raises `KeyboardInterrupt` when it is time."""
        with load_run(self.run_folder) as run:
            if run.spend().cpu_seconds >= self.cpu_seconds:
                raise KeyboardInterrupt


def one_search(arguments: argparse.Namespace, arm: str, seed: int) -> dict[str, Any]:
    """One whole search; what it found, and how its heirs did."""
    values = {"search.inherit_weights": ARMS[arm], "search.seed": seed}
    settings = with_values(load_settings(None, arguments.overrides), values)
    folder = Path(tempfile.mkdtemp(prefix="archgraft-benchmark-"))
    request = SearchRequest(arguments.model, arguments.task, arguments.library, UNLIMITED, folder / "run", settings)
    try:
        with LocalSandbox(preload=PRELOAD) as sandbox:
            search(request, cache_folder(), sandbox, Stopwatch(request.out, arguments.cpu_seconds))
    except KeyboardInterrupt:
        pass  # the stopwatch's; a second one ends the benchmark
    try:
        ended = SearchRequest(arguments.model, arguments.task, arguments.library, ENDED, request.out, settings)
        with LocalSandbox(preload=PRELOAD) as sandbox:
            search(ended, cache_folder(), sandbox, Silent())
        with load_run(request.out) as run:
            return row_of(run, settings.search.planner, seed) | {"arm": arm} | _heirs(run)
    finally:
        shutil.rmtree(folder)


def _heirs(run: RunReader) -> dict[str, Any]:
    controls = run.measurements("longer")
    return {
        "heirs": asdict(inherited_tally(run.attempts(), run.info.metric)),
        "n_controls": len(controls),
        "search_cpu_seconds": sum(spend.cpu_seconds for spend in run.spend_by_attempt() if spend.attempt is not None),
        "cpu_seconds": run.spend().cpu_seconds,
    }


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Gains with 95 % intervals, their paired difference, and the heirs of all searches together."""
    gains = {arm: [row["gain"] for row in rows if row["arm"] == arm] for arm in ARMS}
    heirs = [InheritedTally(**row["heirs"]) for row in rows]
    n = sum(one.n for one in heirs)
    shares = {
        "above the parent as it was": sum(one.n_above_parent for one in heirs),
        "above the parent trained equally longer": sum(one.n_above_control for one in heirs),
        "beyond noise": sum(one.n_improved for one in heirs),
    }
    return {
        "gain": {arm: as_json(mean_interval(found)) for arm, found in gains.items()},
        "inherited - from scratch": as_json(paired_difference(gains["inherited"], gains["from scratch"])),
        "attempts": {arm: [row["n_attempts"] for row in rows if row["arm"] == arm] for arm in ARMS},
        "n_heirs": n,
        "heirs": {name: as_json(share_interval(count, n)) for name, count in shares.items()} if n else {},
    }


def line(row: dict[str, Any]) -> str:
    """One search in one line."""
    heirs = InheritedTally(**row["heirs"])
    return (
        f"{row['arm']:<12} seed {row['seed']}: {row['rootstock']:.2f} -> {row['best']:.2f}, gain {row['gain']:+.2f}, "
        f"{row['n_attempts']} attempts, {heirs.n} inherited: {heirs.n_above_parent} above the parent, "
        f"{heirs.n_above_control} above the parent trained longer, {heirs.n_improved} beyond noise; "
        f"{row['n_controls']} controls, {row['cpu_seconds']:.0f} CPU s"
    )


def _bounds(found: dict[str, float]) -> str:
    return f"{found['mean']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """The table at the end."""
    lines = [f"{arm:<42} gain {_bounds(found)}" for arm, found in summary["gain"].items()]
    lines.append(f"{'inherited - from scratch':<42} gain {_bounds(summary['inherited - from scratch'])}")
    return lines + [f"{name:<42} {_bounds(found)} of {summary['n_heirs']}" for name, found in summary["heirs"].items()]


def main() -> None:
    """Run all searches, print a table, write JSON after each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inheritance", description=__doc__)
    parser.add_argument("--model", default="examples/resnet.py:ResNet")
    parser.add_argument("--task", default="digits")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--cpu-seconds", type=float, default=300.0, help="of each search, before its finals")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(arguments.seeds):
        for arm in ARMS:
            rows.append(one_search(arguments, arm, seed))
            print(line(rows[-1]), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps({"runs": rows, "summary": summarise(rows)}, indent=2))
    for text in summary_lines(summarise(rows)):
        print(text)


if __name__ == "__main__":
    main()
