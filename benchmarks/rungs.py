"""Do rungs find better models for the same work? `python -m benchmarks.rungs --library LIB --json FILE`.

Random verified offspring of an example network are each trained on every rung, with one seed, and on the top rung with
further seeds, which nothing below may look at. Then searches are replayed from these scores, in many random orders of
the same candidates: one that trains all in full, the control, and ones with two and three rungs, which go by the
search's own ladder. All stop at the same CPU time; each names the candidate with the best score on the highest rung
that it reached. Told is that candidate's score on the further seeds: what the choice is really worth. The intervals are
over orders, of these candidates alone.

The learning curve's rule is replayed as well: whom it would have stopped in a full training, and how many of those are
better than the rootstock all the same.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from archgraft.agent.attempt import Attempt
from archgraft.agent.ladder import Ladder
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.rescue import evaluate_with_rescue
from archgraft.evaluator.results import Result, Stage, Status
from archgraft.evaluator.rungs import epochs_by_rung
from archgraft.evaluator.statistics import mean_interval, share_interval
from archgraft.evaluator.tasks.load import load_task
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.edits.offspring import random_offspring
from benchmarks.edits.planting import modules_in
from benchmarks.edits.suites import Host

EXAMPLES = Path(__file__).parents[1] / "examples"
MODELS = {"resnet": "resnet.py:ResNet", "vit": "vit.py:ViT"}
SHAPE = (1, 8, 8)
REDUCTION, N_RUNGS = 3, 3
N_FURTHER_SEEDS = 2
BUDGETS = (0.1, 0.2, 0.4)
"""Of the CPU time that all full trainings take."""
N_ORDERS = 400


@dataclass(frozen=True, slots=True)
class Row:
    """A model on every rung."""

    name: str
    scores: tuple[float | None, ...]
    """By rung, with the first seed; None from where a training failed."""
    cpu_seconds: tuple[float, ...]
    train_losses: tuple[float, ...]
    """On the top rung, by epoch."""
    further_scores: tuple[float, ...]
    """On the top rung, with other seeds."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one replayed search came to."""

    worth: float
    """Of the candidate it named: mean score over the further seeds."""
    n_seen: int


def main(
    library: Annotated[Path, typer.Option(help="Modules to graft; `archgraft mine` makes one.")],
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    model: Annotated[str, typer.Option(help=f"{' or '.join(MODELS)}.")] = "resnet",
    trees: Annotated[int, typer.Option(min=10, help="Offspring.")] = 60,
    epochs: Annotated[int, typer.Option(min=9, help="Of the top rung.")] = 9,
    from_rows: Annotated[Path | None, typer.Option(help="Replay from a file that --json wrote; train nothing.")] = None,
) -> None:
    """Measure, replay, print, write."""
    if from_rows is not None:
        rows = [Row(**row) for row in json.loads(from_rows.read_text())["rows"]]
    else:
        rows = measured(model, library, trees, epochs)
    figures = figures_of(rows)
    console = Console(width=120)
    console.print(replay_table(figures["replays"]))
    for name in ("rank_correlations", "early_stop"):
        console.print(f"{name.replace('_', ' ')}: {figures[name]}")
    if json_ is not None:
        json_.write_text(json.dumps({**figures, "rows": [asdict(row) for row in rows]}, indent=1))


def measured(model: str, library: Path, n: int, epochs: int) -> list[Row]:
    """The rootstock, then its offspring."""
    file, _, construct = MODELS[model].partition(":")
    path = EXAMPLES / file
    rungs = epochs_by_rung(epochs, N_RUNGS, REDUCTION)
    with LocalSandbox(preload=("archgraft.evaluator.trace", "archgraft.evaluator.train")) as sandbox:
        rows = [row_of("rootstock", CandidateSource(path.read_text(), f"{construct}()"), rungs, sandbox)]
        host = Host(f"{path}:{construct}()", SHAPE)
        for index, (_, tree) in enumerate(random_offspring(host, modules_in(library), sandbox, n), start=1):
            rows.append(row_of(str(index), CandidateSource(tree.source, tree.construct), rungs, sandbox))
            typer.echo(f"{index} of {n}: {rows[-1].scores}", err=True)
    return rows


def row_of(name: str, candidate: CandidateSource, rungs: Sequence[int], sandbox: Sandbox) -> Row:
    """Train on every rung."""
    task = load_task("digits")
    splits = task.load()

    def trained(epochs: int, seed: int) -> tuple[float | None, float, tuple[float, ...]]:
        recipe = replace(task.recipe, epochs=epochs)
        done = evaluate_with_rescue(sandbox, candidate, task, splits, recipe=recipe, seed=seed, limits=Limits())
        metrics = done.result.metrics
        return metrics.score if metrics is not None else None, done.cpu_seconds, done.train_losses

    first = [trained(epochs, 0) for epochs in rungs]
    further = [trained(rungs[-1], seed)[0] for seed in range(1, 1 + N_FURTHER_SEEDS)]
    return Row(
        name,
        tuple(score for score, _, _ in first),
        tuple(seconds for _, seconds, _ in first),
        first[-1][2],
        tuple(score for score in further if score is not None),
    )


def figures_of(rows: Sequence[Row]) -> dict[str, Any]:
    """All that is told, from what was trained."""
    rootstock, *offspring = rows
    return {
        "n_offspring": len(offspring),
        "rank_correlations": rank_correlations(offspring),
        "replays": [replays(rows, share) for share in BUDGETS],
        "early_stop": early_stops(rootstock, offspring),
    }


def rank_correlations(offspring: Sequence[Row]) -> dict[str, float]:
    """Spearman's, of each rung and of the top rung's first seed, with the top rung over the further seeds."""
    whole = [row for row in offspring if None not in row.scores and row.further_scores]
    worth = [fmean(row.further_scores) for row in whole]
    return {
        f"rung {rung + 1}": float(spearmanr([float(row.scores[rung] or 0.0) for row in whole], worth).statistic)
        for rung in range(N_RUNGS)
    }


def replays(rows: Sequence[Row], share: float) -> dict[str, Any]:
    """Searches of each number of rungs with a share of the work; differences are to the control, order by order."""
    budget = share * sum(row.cpu_seconds[-1] for row in rows[1:])
    generator = np.random.default_rng(0)
    orders = [[0, *(1 + generator.permutation(len(rows) - 1))] for _ in range(N_ORDERS)]
    found = {n: [replay([rows[i] for i in order], n, budget) for order in orders] for n in range(1, N_RUNGS + 1)}
    control = np.array([one.worth for one in found[1]])
    told: dict[str, Any] = {"share": share, "cpu_seconds": budget}
    for n_rungs, replayed in found.items():
        gain = mean_interval(np.array([one.worth for one in replayed]) - control)
        told[f"{n_rungs} rungs"] = {
            "worth": fmean(one.worth for one in replayed),
            "n_seen": fmean(one.n_seen for one in replayed),
            "gain": [gain.mean, gain.low, gain.high],
        }
    return told


def replay(rows: Sequence[Row], n_rungs: int, budget: float) -> Replayed:
    """One search: the rootstock, which is free, then candidates in order, until the budget is spent."""
    below_top = N_RUNGS - n_rungs
    scores = [row.scores[below_top:] for row in rows]
    seconds = [row.cpu_seconds[below_top:] for row in rows]
    ladder = Ladder(n_rungs, REDUCTION, 0.0, seed=0)
    reached = {0: n_rungs - 1}
    ladder.tell(_attempt(0, scores[0]))
    spent, next_index = 0.0, 1
    while spent < budget:
        promotion = ladder.next_promotion()
        if promotion is None and next_index == len(rows):
            break
        index, rung = (promotion.candidate_id, promotion.rung) if promotion else (next_index, 0)
        next_index += promotion is None
        spent += seconds[index][rung]
        if scores[index][rung] is not None:
            reached[index] = rung
            ladder.tell(_attempt(index, scores[index][: rung + 1]))
    best = max(reached, key=lambda index: (reached[index], scores[index][reached[index]] or 0.0, -index))
    return Replayed(fmean(rows[best].further_scores or (0.0,)), next_index - 1)


def _attempt(index: int, scores: Sequence[float | None]) -> Attempt:
    """As much of an attempt as a ladder looks at."""
    told = tuple(score for score in scores if score is not None)
    result = Result(Status.OK, Stage.DONE, "", 0, "validation", None, 0.0, "")
    return Attempt(index, 0, None, 0, "", result, None, None, False, None, None, told)


def early_stops(rootstock: Row, offspring: Sequence[Row]) -> dict[str, float | int | Sequence[float]]:
    """How many full trainings the rule would have ended, what that saves, and how many of them beat the rootstock."""
    rule = EarlyStop([rootstock.train_losses])
    bar = fmean((rootstock.scores[-1] or 0.0, *rootstock.further_scores))
    stopped, saved = [], 0.0
    for row in offspring:
        epochs = len(row.train_losses)
        at = next((e for e in range(1, epochs + 1) if rule.reason_to_stop(e, row.train_losses[e - 1])), None)
        if at is not None:
            stopped.append(fmean((row.scores[-1] or 0.0, *row.further_scores)) > bar)
            saved += row.cpu_seconds[-1] * (1 - at / epochs)
    wrong = share_interval(sum(stopped), len(stopped))
    return {
        "n_trained": len(offspring),
        "n_stopped": len(stopped),
        "n_wrong": sum(stopped),
        "wrong_interval": [wrong.low, wrong.high],
        "cpu_saved_share": saved / sum(row.cpu_seconds[-1] for row in offspring),
    }


def replay_table(told: Sequence[Mapping[str, Any]]) -> Table:
    """Budgets down, numbers of rungs across."""
    table = Table(title="score of what was found on further seeds (candidates seen); gain over the control [95 %]")
    table.add_column("budget")
    for n_rungs in range(1, N_RUNGS + 1):
        table.add_column(f"{n_rungs} rungs" if n_rungs > 1 else "in full", justify="right")
    for row in told:
        cells = []
        for n_rungs in range(1, N_RUNGS + 1):
            found = row[f"{n_rungs} rungs"]
            gain = "" if n_rungs == 1 else "; {:+.2f} [{:+.2f}, {:+.2f}]".format(*found["gain"])
            cells.append(f"{found['worth']:.2f} ({found['n_seen']:.0f}){gain}")
        table.add_row(f"{100 * row['share']:.0f} % ({row['cpu_seconds']:.0f} s)", *cells)
    return table


if __name__ == "__main__":
    typer.run(main)
