"""Do zero-cost proxies know which offspring are worth training? `python -m benchmarks.proxies --json FILE`.

Random verified offspring, one to three edits deep, of the example networks, each trained on `digits` as a search trains
its candidates. Told are the rank correlation (Spearman) of each proxy with the score, with a 95 % bootstrap interval,
beside those of the controls, parameters and FLOPs; what a proxy costs; and what a filter of them would have done in a
search: how many it rejects, how many of the best tenth are among them, and what CPU time that saves. Its control is a
filter that rejects as many at random. The filter is told of candidates in order, and what it rejects it learns nothing
of; figures are means over random orders.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.stats import bootstrap, rankdata

from archgraft.agent.proxies import ProxyFilter
from archgraft.agent.settings import ProxySettings, SearchSettings
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.proxies.names import CONTROLS, NAMES
from archgraft.evaluator.proxies.score import proxy_scores
from archgraft.evaluator.rescue import evaluate_with_rescue
from archgraft.evaluator.tasks.digits import digits_task
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.edits.offspring import random_offspring
from benchmarks.edits.planting import LibraryModules, modules_in
from benchmarks.edits.suites import Host

EXAMPLES = Path(__file__).parents[1] / "examples"
SHAPE = (1, 8, 8)
HOSTS = {
    "resnet": Host(f"{EXAMPLES}/resnet.py:ResNet()", SHAPE),
    "vit": Host(f"{EXAMPLES}/vit.py:ViT()", SHAPE),
}
FILTERS = (*((name,) for name in NAMES), CONTROLS, ("synflow", "naswot"), NAMES[len(CONTROLS) :], NAMES)
"""The sets of proxies that a filter is given."""
BEST_SHARE = 0.1
N_ORDERS, N_RESAMPLES = 20, 2000
Statistic = Callable[..., np.ndarray]
"""Of a proxy, the number of parameters and the score, all (..., n) or all (n, ...), along an axis."""
PRELOAD = ("archgraft.evaluator.trace", "archgraft.evaluator.train", "archgraft.evaluator.proxies.compute")


@dataclass(frozen=True, slots=True)
class Row:
    """One offspring: its proxies, and its training."""

    host: str
    n_edits: int
    proxies: Mapping[str, float]
    reasons: Mapping[str, str]
    proxy_cpu_seconds: Mapping[str, float]
    """Of a job that computes one proxy, less that of one that computes none; under `""` the latter."""
    score: float | None
    """Percent of the validation part, mean over seeds; none where training failed."""
    train_cpu_seconds: float
    """Of one training, as a search would do."""


def main(
    library: Annotated[Path, typer.Option(help="Modules to graft; `archgraft mine` makes one.")],
    host: Annotated[list[str] | None, typer.Option(help=f"{' or '.join(HOSTS)}; all by default.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    trees: Annotated[int, typer.Option(min=10, help="Offspring for each rootstock.")] = 60,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each; their mean score counts.")] = 2,
) -> None:
    """Measure, print, write."""
    rows: list[Row] = []
    with LocalSandbox(preload=PRELOAD) as sandbox:
        for name in host or HOSTS:
            for row in measured(name, modules_in(library), sandbox, trees, seeds):
                rows.append(row)
                if json_ is not None:  # an interrupted run leaves what it had
                    json_.write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=2))
    figures = figures_of(rows)
    console = Console(width=150)
    console.print(correlation_table(figures["correlations"], rows))
    console.print(online_table(figures["online"]))
    if json_ is not None:
        json_.write_text(json.dumps({**figures, "rows": [asdict(row) for row in rows]}, indent=2))


def figures_of(rows: Sequence[Row]) -> dict[str, Any]:
    """By host: what each proxy tells, and what each filter does."""
    by_host = {host: [row for row in rows if row.host == host] for host in dict.fromkeys(row.host for row in rows)}
    return {
        "correlations": {host: correlations(of_host) for host, of_host in by_host.items()},
        "online": {host: [online_figures(of_host, names) for names in FILTERS] for host, of_host in by_host.items()},
    }


def measured(host: str, modules: LibraryModules, sandbox: Sandbox, n: int, n_seeds: int) -> Iterator[Row]:
    """One row for each of `n` different offspring."""
    started = time.perf_counter()
    for index, (n_edits, child) in enumerate(random_offspring(HOSTS[host], modules, sandbox, n), start=1):
        yield row_of(host, n_edits, CandidateSource(child.source, child.construct), sandbox, n_seeds)
        if index % 10 == 0:
            typer.echo(f"{host}: {index} of {n}, {time.perf_counter() - started:.0f} s", err=True)


def row_of(host: str, n_edits: int, candidate: CandidateSource, sandbox: Sandbox, n_seeds: int) -> Row:
    """Compute each proxy by itself, and train."""
    task = digits_task()
    splits, limits = task.load(), Limits(wall_seconds=300)
    jobs = {
        "".join(names): proxy_scores(sandbox, candidate, task.loss, splits.train, names=names, seed=0, limits=limits)
        for names in ((), *((name,) for name in NAMES))
    }
    trainings = [
        evaluate_with_rescue(sandbox, candidate, task, splits, recipe=task.recipe, seed=seed, limits=limits)
        for seed in range(n_seeds)
    ]
    scores = [done.result.metrics.score for done in trainings if done.result.metrics is not None]
    empty = jobs[""].cpu_seconds
    return Row(
        host,
        n_edits,
        {name: job.scores[name] for name, job in jobs.items() if name in job.scores},
        {name: job.reasons[name] for name, job in jobs.items() if name in job.reasons},
        {name: max(0.0, job.cpu_seconds - empty) if name else empty for name, job in jobs.items()},
        fmean(scores) if len(scores) == n_seeds else None,
        fmean(done.cpu_seconds for done in trainings),
    )


def correlations(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Of each proxy, over `n` offspring: its rank correlation with the score, and by how much that is better than what
    the number of parameters tells; each with a percentile bootstrap interval.
    """
    found = {}
    for name in NAMES:
        scored = [row for row in rows if name in row.proxies and row.score is not None]
        columns = [
            np.array([row.proxies[name] for row in scored]),
            np.array([row.proxies["parameters"] for row in scored]),
            np.array([row.score for row in scored]),
        ]
        correlation, low, high = _with_interval(_correlation, columns)
        gain, gain_low, gain_high = _with_interval(_gain, columns)
        found[name] = {
            "n": len(scored),
            "correlation": correlation,
            "low": low,
            "high": high,
            "gain": gain,
            "gain_low": gain_low,
            "gain_high": gain_high,
            "cpu_ms": 1e3 * fmean(row.proxy_cpu_seconds[name] for row in rows),
        }
    return found


def _with_interval(statistic: Statistic, columns: Sequence[np.ndarray]) -> tuple[float, float, float]:
    generator = np.random.default_rng(0)
    interval = bootstrap(
        columns, statistic, paired=True, n_resamples=N_RESAMPLES, method="percentile", rng=generator
    ).confidence_interval
    return float(statistic(*columns, axis=0)), float(interval.low), float(interval.high)


def _correlation(proxy: np.ndarray, _control: np.ndarray, score: np.ndarray, axis: int) -> np.ndarray:
    """Spearman's along an axis of many samples at once: Pearson's of ranks, ties averaged."""
    one, other = (rankdata(values, axis=axis) - (values.shape[axis] + 1) / 2 for values in (proxy, score))
    found: np.ndarray = (one * other).sum(axis) / np.sqrt((one**2).sum(axis) * (other**2).sum(axis))
    return found


def _gain(proxy: np.ndarray, control: np.ndarray, score: np.ndarray, axis: int) -> np.ndarray:
    found: np.ndarray = _correlation(proxy, control, score, axis) - _correlation(control, control, score, axis)
    return found


def online_figures(rows: Sequence[Row], names: Sequence[str]) -> dict[str, object]:
    """What a filter with the default settings does, in shares of all candidates, of the best, and of CPU time."""
    settings = replace(ProxySettings(), names=",".join(names))
    orders = np.random.default_rng(0)
    figures = [_online(rows, settings, orders) for _ in range(N_ORDERS)]
    columns = ("rejected", "best_rejected", "best_rejected_at_random", "cpu_saved")
    means = {key: fmean(column) for key, column in zip(columns, zip(*figures), strict=True)}
    return {"names": list(names), **means}


def _online(
    rows: Sequence[Row], settings: ProxySettings, generator: np.random.Generator
) -> tuple[float, float, float, float]:
    """In one random order: shares rejected of all, of the best, of the best by chance, and of CPU time saved, net."""
    order = generator.permutation(len(rows))
    judge = ProxyFilter(settings, let_through_share=SearchSettings().let_through_share, seed=0)
    rejected = set[int]()
    for attempt, index in enumerate(order):
        row = rows[index]
        scores = {name: row.proxies[name] for name in judge.names if name in row.proxies}
        passes = judge.verdict(attempt, scores).passes
        judge = judge.told(attempt, scores, row.score if passes else None)
        if not passes:
            rejected.add(int(index))
    by_score = sorted(range(len(rows)), key=lambda index: -(rows[index].score or 0.0))
    best = set(by_score[: max(1, round(BEST_SHARE * len(rows)))])
    judged = order[settings.min_results :]
    at_random = set(generator.choice(judged, size=len(rejected), replace=False).tolist())
    spent = sum(row.train_cpu_seconds for row in rows)
    saved = sum(rows[index].train_cpu_seconds for index in rejected)
    cost = sum(row.proxy_cpu_seconds[name] for row in rows for name in ("", *judge.names))
    return (
        len(rejected) / len(rows),
        len(best & rejected) / len(best),
        len(best & at_random) / len(best),
        (saved - cost) / spent,
    )


def correlation_table(told: Mapping[str, Mapping[str, Mapping[str, float]]], rows: Sequence[Row]) -> Table:
    """Proxies down, rootstocks across."""
    table = Table(title="rank correlation with the score [95 %], what it gains over that of parameters, and CPU time")
    table.add_column("proxy")
    by_host = {host: [row for row in rows if row.host == host] for host in told}
    for host, of_host in by_host.items():
        table.add_column(f"{host} ({len(of_host)} offspring)", justify="right")
        table.add_column("gain", justify="right")
        table.add_column("ms", justify="right")
    for name in NAMES:
        table.add_row(name, *(cell for host in told for cell in _cells(told[host][name], len(by_host[host]))))
    table.add_section()
    jobs = [fmean(row.proxy_cpu_seconds[""] for row in of_host) for of_host in by_host.values()]
    trainings = [fmean(row.train_cpu_seconds for row in of_host) for of_host in by_host.values()]
    for title, means in (("the job itself", jobs), ("a training", trainings)):
        table.add_row(title, *(cell for mean in means for cell in ("", "", f"{1e3 * mean:.0f}")))
    return table


def _cells(one: Mapping[str, float], n: int) -> tuple[str, str, str]:
    missing = f", n={one['n']}" if one["n"] < n else ""
    return (
        f"{one['correlation']:+.2f} [{one['low']:+.2f}, {one['high']:+.2f}]{missing}",
        f"{one['gain']:+.2f} [{one['gain_low']:+.2f}, {one['gain_high']:+.2f}]",
        f"{one['cpu_ms']:.0f}",
    )


def online_table(online: Mapping[str, Sequence[Mapping[str, object]]]) -> Table:
    """Filters down: percent rejected, of the best tenth with the random control's, and of CPU time saved."""
    table = Table(title="a filter with these proxies, percent: rejected; of the best tenth (at random); CPU time saved")
    table.add_column("proxies")
    for host in online:
        table.add_column(host, justify="right")
    for place, names in enumerate(FILTERS):
        figures = [online[host][place] for host in online]
        table.add_row(", ".join(names), *map(_percents, figures))
    return table


def _percents(figures: Mapping[str, object]) -> str:
    keys = ("rejected", "best_rejected", "best_rejected_at_random", "cpu_saved")
    rejected, best, at_random, saved = (100 * float(str(figures[key])) for key in keys)
    return f"{rejected:.0f}; {best:.0f} ({at_random:.0f}); {saved:+.0f}"


if __name__ == "__main__":
    typer.run(main)
