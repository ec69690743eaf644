"""Does a learning rate that follows the architecture beat a fixed one? `python -m benchmarks.learning_rate`.

The example networks on `digits`, narrower, wider and deeper than they come, each trained as a search trains candidates,
with several recipes and the same seeds. The control is the task's own recipe; `longer` trains with its rate for as many
steps more as the range test takes, `higher` with a rate four times as high. Intervals are of differences between means
over seeds, with architectures as the samples: seeds alone would say how sure a gain is for these eight, not for others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from archgraft.evaluator.evaluate import CandidateSource, evaluate
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.statistics import Interval, paired_difference
from archgraft.evaluator.tasks.digits import RECIPE, digits_task
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox

EXAMPLES = Path(__file__).parents[1] / "examples"
NETWORKS = {
    "resnet": ("ResNet()", "ResNet(width=4)", "ResNet(width=16)", "ResNet(blocks=3)"),
    "vit": ("ViT()", "ViT(dim=32)", "ViT(dim=128)", "ViT(depth=6)"),
}
CONTROL = "fixed"
RECIPES = {
    CONTROL: RECIPE,
    "range test": replace(RECIPE, learning_rate_rule="range_test"),
    "longer": replace(RECIPE, epochs=6),
    "higher": replace(RECIPE, learning_rate=4 * RECIPE.learning_rate),
    "smoothed": replace(RECIPE, label_smoothing=0.1),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One network with one recipe: a value for each seed."""

    scores: tuple[float, ...]
    """Percent of the validation part."""
    rates: tuple[float, ...]
    cpu_seconds: tuple[float, ...]


def measure(sandbox: Sandbox, network: CandidateSource, task: Task, splits: Splits, recipe: Recipe, n: int) -> Cell:
    """Train with `n` seeds. Raises `RuntimeError` when one fails: nothing here may."""
    rows = []
    for seed in range(n):
        done = evaluate(sandbox, network, task, splits, seed=seed, limits=Limits(wall_seconds=600), recipe=recipe)
        metrics = done.result.metrics
        if metrics is None or metrics.learning_rate is None:
            raise RuntimeError(f"{network.construct} with seed {seed}: {done.result.reason}")
        rows.append((metrics.score, metrics.learning_rate, done.cpu_seconds))
    scores, rates, seconds = zip(*rows)
    return Cell(scores, rates, seconds)


def gains(cells: Mapping[str, Mapping[str, Cell]]) -> dict[str, Interval]:
    """Of each recipe but the control: the difference to it, networks as samples."""
    means = {name: [fmean(cell.scores) for cell in row.values()] for name, row in cells.items()}
    return {name: paired_difference(means[name], means[CONTROL]) for name in cells if name != CONTROL}


def table(cells: Mapping[str, Mapping[str, Cell]]) -> Table:
    """Networks down, recipes across: mean and deviation over seeds, and the rates where they differ."""
    shown = Table(title="validation accuracy on digits, %: mean and standard deviation over seeds (rates)")
    shown.add_column("network")
    for name in cells:
        shown.add_column(name, justify="right")
    for network in cells[CONTROL]:
        shown.add_row(network, *(_cell(row[network]) for row in cells.values()))
    shown.add_section()
    shown.add_row("mean", *(f"{fmean(fmean(cell.scores) for cell in row.values()):.2f}" for row in cells.values()))
    found = {name: f"{gain.mean:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]" for name, gain in gains(cells).items()}
    shown.add_row("gain, 95 %", *(found.get(name, "") for name in cells))
    seconds = (sum(sum(cell.cpu_seconds) for cell in row.values()) for row in cells.values())
    shown.add_row("CPU seconds", *(f"{value:.0f}" for value in seconds))
    return shown


def _cell(cell: Cell) -> str:
    low, high = min(cell.rates), max(cell.rates)
    rates = f" ({low:.1g}-{high:.1g})" if high > low else ""
    return f"{fmean(cell.scores):.2f} ± {stdev(cell.scores):.2f}{rates}"


def main(
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Seeds for each network and recipe.")] = 5,
) -> None:
    """Measure, print, write."""
    task = digits_task()
    splits = task.load()
    cells: dict[str, dict[str, Cell]] = {}
    with LocalSandbox(preload=("archgraft.evaluator.train",)) as sandbox:
        for name, recipe in RECIPES.items():
            cells[name] = {
                construct: measure(sandbox, CandidateSource(source, construct), task, splits, recipe, seeds)
                for source, constructs in sources()
                for construct in constructs
            }
            typer.echo(f"{name}: done", err=True)
    Console(width=150).print(table(cells))
    if json_ is not None:
        written = {
            "cells": {name: {key: _fields(cell) for key, cell in row.items()} for name, row in cells.items()},
            "gains": {name: [gain.mean, gain.low, gain.high] for name, gain in gains(cells).items()},
        }
        json_.write_text(json.dumps(written, indent=2))


def sources() -> list[tuple[str, tuple[str, ...]]]:
    """The source of each example, with the networks to build from it."""
    return [((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"), found) for name, found in NETWORKS.items()]


def _fields(cell: Cell) -> dict[str, tuple[float, ...]]:
    return {"scores": cell.scores, "rates": cell.rates, "cpu_seconds": cell.cpu_seconds}


if __name__ == "__main__":
    typer.run(main)
