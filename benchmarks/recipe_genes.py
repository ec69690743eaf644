"""What are recipe genes worth? `python -m benchmarks.recipe_genes --library LIB --json FILE`.

Three ways to spend the same CPU seconds on examples/resnet.py and `digits`: a search whose candidates have recipe
genes, a search without, and, as the control, random recipes for the rootstock alone. Finals come on top and are alike:
the best by validation is trained anew with seeds of its own, beside the rootstock, and both meet the sealed test split.
Gains are differences on that split, paired by seed; intervals are over searches with different seeds.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Annotated

import numpy as np
import typer
from optuna import create_study
from optuna.samplers import RandomSampler
from safetensors.numpy import save_file

from archgraft.agent.budget import Budget, Spend
from archgraft.agent.genes.pool import distribution_of
from archgraft.agent.genes.space import AUTO, Gene, Genes, gene_space
from archgraft.agent.paths import cache_folder
from archgraft.agent.report.comparison import compare
from archgraft.agent.search import PRELOAD, SearchRequest, search
from archgraft.agent.settings import Settings, with_values
from archgraft.agent.store.quiet_optuna import quiet_optuna
from archgraft.agent.store.reader import load_run
from archgraft.agent.trainer import Trained, Trainer
from archgraft.evaluator.statistics import Interval, mean_interval
from archgraft.evaluator.tasks.digits import digits_task
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.search import Silent

MODEL = Path(__file__).parents[1] / "examples" / "resnet.py"
WITH, WITHOUT, RECIPE_ALONE = "search with genes", "search without", "random recipes of the rootstock"
_FIRST_FINAL_SEED = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One way and seed. Gains in points of accuracy on the sealed test split; 0 where the rootstock won."""

    arm: str
    seed: int
    gain: float
    """Over the rootstock with the task's recipe."""
    gain_in_recipe: float
    """Over the rootstock with the winner's own recipe: what the architecture brings."""
    n_tried: int
    cpu_seconds: float
    """Of the search, without the finals."""
    genes: Genes


class CpuBudget(Budget):
    """Ends a search by the CPU seconds in its run, which users have no budget for: they can't foresee them."""

    cpu_seconds: float
    out: Path
    used: float

    def __init__(self, cpu_seconds: float, out: Path) -> None:
        super().__init__()
        object.__setattr__(self, "cpu_seconds", cpu_seconds)
        object.__setattr__(self, "out", out)
        object.__setattr__(self, "used", 0.0)

    def exhausted(self, spend: Spend) -> str | None:
        """Read anew from the run each time."""
        with load_run(self.out) as run:
            object.__setattr__(self, "used", run.spend().cpu_seconds)
        return "the CPU seconds are spent" if self.used >= self.cpu_seconds else None


def searched(arm: str, library: Path, seed: int, cpu_seconds: float, n_final_seeds: int, sandbox: Sandbox) -> Row:
    """One whole search."""
    values = {"search.seed": seed, "search.n_finalists": 2, "search.finalist_seeds": n_final_seeds}
    settings = with_values(Settings(), {**values, "genes.names": AUTO if arm == WITH else ""})
    folder = Path(tempfile.mkdtemp(prefix="archgraft-benchmark-"))
    budget = CpuBudget(cpu_seconds, folder / "run")
    request = SearchRequest(f"{MODEL}:ResNet()", "digits", library, budget, folder / "run", settings)
    try:
        search(request, cache_folder(), sandbox, Silent())
        with load_run(request.out) as run:
            comparison, n_tried = compare(run), len(run.attempts()) - 1
    finally:
        shutil.rmtree(folder)
    assert comparison is not None, "a finished search has scores"
    gain = comparison.difference.mean if comparison.difference is not None else 0.0
    control = comparison.control
    in_recipe = control.difference.mean if control is not None and control.difference is not None else gain
    return Row(arm, seed, gain, in_recipe, n_tried, budget.used, comparison.genes)


def recipes_alone(seed: int, cpu_seconds: float, n_final_seeds: int, sandbox: Sandbox) -> Row:
    """Random recipes on the rootstock, scored as a search scores candidates: further seeds for what promises a gain."""
    task = digits_task()
    splits = task.load()
    trainer = Trainer(sandbox, task, splits, task.recipe, Limits(wall_seconds=600))
    space = gene_space(AUTO, task.recipe, task.loss, splits.train)
    seeds = range(seed, seed + Settings().search.confirmation_seeds)
    own = [trained(trainer, {}, one) for one in seeds]
    used = sum(one.compute.cpu_seconds for one in own)
    means: list[tuple[float, Genes]] = [(mean_score(own), {})]
    for genes in random_genes(space, seed):
        if used >= cpu_seconds:
            break
        runs: list[Trained] = []
        for one in seeds:
            runs.append(trained(trainer, genes, one))
            used += runs[-1].compute.cpu_seconds
            if mean_score(runs) <= means[0][0]:
                break
        means.append((mean_score(runs), genes))
    best = max(means, key=lambda pair: pair[0])[1]
    finals = range(_FIRST_FINAL_SEED * (seed + 1), _FIRST_FINAL_SEED * (seed + 1) + n_final_seeds)
    results = {
        name: [trained(trainer, chosen, one) for one in finals] for name, chosen in (("own", {}), ("best", best))
    }
    if mean_score(results["best"]) <= mean_score(results["own"]):
        best, results["best"] = {}, results["own"]
    gain = fmean(tested(trainer, results["best"], finals)) - fmean(tested(trainer, results["own"], finals))
    return Row(RECIPE_ALONE, seed, gain, 0.0, len(means) - 1, used, best)


def random_genes(space: Sequence[Gene], seed: int, most: int = 1_000) -> list[Genes]:
    """Draws from the whole space, even on each gene's scale."""
    with quiet_optuna():
        study = create_study(sampler=RandomSampler(seed=seed))
        asked = [study.ask({gene.name: distribution_of(gene) for gene in space}).params for _ in range(most)]
    return [{gene.name: gene.rounded(params[gene.name]) for gene in space} for params in asked]


def trained(trainer: Trainer, genes: Genes, seed: int) -> Trained:
    """The rootstock with a recipe and a seed, its weights kept."""
    return trainer.with_genes(genes).train(MODEL.read_text(encoding="utf-8"), "ResNet()", seed, keep_weights=True)


def mean_score(runs: Sequence[Trained]) -> float:
    """On validation; that of a failed training counts as 0."""
    return fmean(one.result.metrics.score if one.result.metrics is not None else 0.0 for one in runs)


def tested(trainer: Trainer, runs: Sequence[Trained], seeds: Sequence[int]) -> list[float]:
    """Scores on the sealed test split of what the finals trained. Raises `RuntimeError` when one fails."""
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        for run, seed in zip(runs, seeds, strict=True):
            path = Path(folder) / "weights.safetensors"
            save_file({name: np.ascontiguousarray(array) for name, array in (run.weights or {}).items()}, path)
            result = trainer.test(MODEL.read_text(encoding="utf-8"), "ResNet()", seed, path).result
            if result.metrics is None:
                raise RuntimeError(f"the rootstock has no score on the test split: {result.reason}")
            scores.append(result.metrics.score)
    return scores


def summary(rows: Sequence[Row]) -> dict[str, dict[str, Interval]]:
    """Both gains of each way, and the paired differences between ways, over seeds."""
    gains = {arm: [row.gain for row in rows if row.arm == arm] for arm in (WITH, WITHOUT, RECIPE_ALONE)}
    in_recipe = {arm: [row.gain_in_recipe for row in rows if row.arm == arm] for arm in (WITH, WITHOUT)}
    found = {arm: {"gain": mean_interval(values)} for arm, values in gains.items() if values}
    for arm, values in in_recipe.items():
        if values:
            found[arm]["gain in the same recipe"] = mean_interval(values)
    for other in (WITHOUT, RECIPE_ALONE):
        differences = [ours - theirs for ours, theirs in zip(gains[WITH], gains[other], strict=True)]
        found[f"{WITH} - {other}"] = {"gain": mean_interval(differences)}
    return found


def lines(found: Mapping[str, Mapping[str, Interval]]) -> list[str]:
    """The table at the end."""
    return [
        f"{name:<55} {what:<24} {interval.mean:+.2f} [{interval.low:+.2f}, {interval.high:+.2f}]"
        for name, row in found.items()
        for what, interval in row.items()
    ]


def main(
    library: Annotated[Path, typer.Option(help="A library of mined modules.")],
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Searches of each kind.")] = 3,
    cpu_seconds: Annotated[float, typer.Option(min=1, help="Of each search, the rootstock's trainings included.")] = 60,
    final_seeds: Annotated[int, typer.Option(min=2, help="Seeds of the finals.")] = 3,
) -> None:
    """Search, print, write."""
    rows: list[Row] = []
    with LocalSandbox(preload=PRELOAD) as sandbox:
        for seed in range(seeds):
            for arm in (WITH, WITHOUT):
                rows.append(searched(arm, library, seed, cpu_seconds, final_seeds, sandbox))
                typer.echo(rows[-1], err=True)
            rows.append(recipes_alone(seed, cpu_seconds, final_seeds, sandbox))
            typer.echo(rows[-1], err=True)
    found = summary(rows)
    typer.echo("\n".join(lines(found)))
    if json_ is not None:
        figures = {name: {what: asdict(one) for what, one in row.items()} for name, row in found.items()}
        json_.write_text(json.dumps({"rows": [asdict(row) for row in rows], "summary": figures}, indent=2))


if __name__ == "__main__":
    typer.run(main)
