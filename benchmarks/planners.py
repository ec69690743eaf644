"""Planners against uniform random edits, at equal attempted budget, on the NAS-Bench-201 table.

    python -m benchmarks.planners --data-dir FOLDER [--seeds 30] [--queries 100] [--epochs 12] [--json FILE]

Every seed starts all arms from the same random cell. The search sees validation accuracy only; what is reported is the
test accuracy of the best cell by validation. As in a search with two slots, a plan is asked when the attempts up to
`window` before it were told, and no cell is offered that was planned before, in flight or not.
"""

import argparse
import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.agent.planners.make import make_planner
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.settings import PlannerSettings
from archgraft.evaluator.results import Status
from benchmarks.nasbench201 import FILE_NAME, Cell, CellOffers, Row, attempt, descriptor, neighbour, read_table

WINDOW = 4

ARMS: dict[str, Callable[[], Planner]] = {
    "random": lambda: make_planner("random", PlannerSettings()),
    "thompson": lambda: make_planner("thompson", PlannerSettings()),
    "thompson, uniform kinds": lambda: make_planner("thompson", PlannerSettings(exploration=1.0, repeat=0.0)),
}
"""The last one keeps the choice of parents and learns nothing about kinds of edits: it shows what each half brings."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One search: the best cell by validation, and how many attempts found nothing to try."""

    validation: float
    test: float
    n_failures: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, Student's t over seeds."""

    mean: float
    half_width: float


class TableSearch:
    """One search on the table: a planner, the cells tried, and the attempts so far."""

    def __init__(self, planner: Planner, table: dict[Cell, Row], start: Cell) -> None:
        self._planner = planner
        self._table = table
        self._cells: dict[int, Cell] = {0: start}
        self._n_told = 0
        self._helped = ""
        self._history = [attempt(0, None, None, table[start].validation, self._place(start))]

    def run(self, n_queries: int, seed: int) -> Outcome:
        """Make so many attempts and report the best."""
        for index in range(1, n_queries + 1):
            while self._n_told <= max(index - WINDOW, 0):
                self._tell(self._history[self._n_told])
            self._history.append(self._attempt(index, np.random.default_rng([seed, index])))
        best = max(self._history, key=lambda one: -1.0 if one.oriented_score is None else one.oriented_score)
        row = self._table[self._cells[best.candidate_id]]
        return Outcome(row.validation, row.test, sum(not one.result.ok for one in self._history))

    def _tell(self, done: Attempt) -> None:
        self._planner.tell(done)
        self._n_told += 1
        self._helped = done.family if done.improved else self._helped

    def _attempt(self, index: int, generator: np.random.Generator) -> Attempt:
        plan = self._planner.ask(self._offers, generator)
        parent = self._history[plan.parent_id]
        if not plan.options:
            return attempt(index, parent, None, None, None, Status.NO_OPTION)
        option = plan.options[0]
        cell = neighbour(self._cells[plan.parent_id], option)
        self._cells[index] = cell
        return attempt(index, parent, option, self._table[cell].validation, self._place(cell))

    def _offers(self, candidate_id: int) -> CellOffers:
        return CellOffers(self._cells[candidate_id], set(self._cells.values()), self._helped)

    def _place(self, cell: Cell) -> Descriptor:
        start = self._cells[0]
        return descriptor(cell, self._table[cell], start, self._table[start])


def compare(table: dict[Cell, Row], n_seeds: int, n_queries: int) -> dict[str, list[Outcome]]:
    """Every arm's searches, one a seed; the same start for all arms."""
    cells = list(table)
    starts = [cells[int(np.random.default_rng([seed, 0]).integers(len(cells)))] for seed in range(n_seeds)]
    return {
        name: [TableSearch(make(), table, start).run(n_queries, seed) for seed, start in enumerate(starts)]
        for name, make in ARMS.items()
    }


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent values with its interval."""
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Estimate(float(np.mean(values)), float(stats.t.ppf(0.975, len(values) - 1)) * spread)


def summary(outcomes: dict[str, list[Outcome]]) -> list[dict[str, Any]]:
    """One row an arm: test and validation accuracy, and the difference to the control, seed by seed."""
    control = [one.test for one in outcomes["random"]]
    return [
        {
            "arm": name,
            "test": dataclasses.asdict(estimate([one.test for one in runs])),
            "validation": dataclasses.asdict(estimate([one.validation for one in runs])),
            "difference": dataclasses.asdict(estimate([one.test - other for one, other in zip(runs, control)])),
            "n_failures": float(np.mean([one.n_failures for one in runs])),
        }
        for name, runs in outcomes.items()
    ]


def print_table(data_set: str, rows: list[dict[str, Any]]) -> None:
    """The summary as text."""
    print(f"\n{data_set}: {'arm':<24}{'test':>16}{'validation':>16}{'test - random':>18}{'failures':>10}")
    for row in rows:
        test, validation, difference = (
            f"{row[key]['mean']:.2f} ± {row[key]['half_width']:.2f}" for key in ("test", "validation", "difference")
        )
        difference = "" if row["arm"] == "random" else difference
        print(f"{'':<6}{row['arm']:<24}{test:>16}{validation:>16}{difference:>18}{row['n_failures']:>10.1f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison, print it, and write it as JSON."""
    parser = argparse.ArgumentParser(description="Planners against uniform random edits on NAS-Bench-201.")
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("ARCHGRAFT_DATA"))
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument(
        "--epochs", type=int, choices=(12, 200), default=200, help="training behind the validation score"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    if given.data_dir is None or not (Path(given.data_dir) / FILE_NAME).exists():
        print(f"skipped: no {FILE_NAME}; give its folder with --data-dir or ARCHGRAFT_DATA", file=sys.stderr)
        return 0
    report: dict[str, Any] = {
        "n_seeds": given.seeds,
        "n_queries": given.queries,
        "epochs": given.epochs,
        "window": WINDOW,
    }
    for data_set in ("c10", "c100"):
        table = read_table(Path(given.data_dir), data_set, given.epochs)
        rows = summary(compare(table, given.seeds, given.queries))
        print_table(data_set, rows)
        report[data_set] = rows
    if given.json is not None:
        given.json.write_text(json.dumps(report, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
