"""Does a latency timed in turn hold still, and in one process or in two? `python -m benchmarks.latency`.

The example ResNet beside itself and beside larger ones, several times each, in both ways. Beside itself the ratio
should be 1, and its interval should hold 1; repeats of one comparison should agree, however the milliseconds move with
the load. `--load` adds processes that compute all the while. Last come candidates that cheat: what the rootstock takes
beside them must not be what they make of it.
"""

import json
import math
import multiprocessing
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import TimedModel, compare_latency
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.latency_together import compare_together

MODEL = Path(__file__).parents[1] / "examples" / "resnet.py"
ROOTSTOCK = "ResNet()"
CANDIDATES = (ROOTSTOCK, "ResNet(width=12)", "ResNet(blocks=2)")
Row = dict[str, str | float]
HOSTILE = {
    "slows others' calls": """

import time
_call = nn.Module.__call__
def _slow(module, *args):
    if type(module).__module__ != __name__ and type(module).__name__ == "ResNet":
        time.sleep(0.02)
    return _call(module, *args)
nn.Module.__call__ = _slow
""",
    "threads that spin": """

import threading
def _spin():
    while True:
        torch.ones(400, 400) @ torch.ones(400, 400)
for _ in range(4):
    threading.Thread(target=_spin, daemon=True).start()
""",
}
"""What a candidate twice as deep as the rootstock does to be timed as the faster one: code at the end of its file."""


def in_two(
    sandbox: Sandbox, candidate: CandidateSource, rootstock: CandidateSource, inputs: np.ndarray, seed: int
) -> Row:
    """The product's way."""
    ours, theirs = TimedModel(candidate), TimedModel(rootstock)
    done = compare_latency(sandbox, ours, theirs, inputs, limits=Limits(), seed=seed, variants=(Variant.AS_IS,))
    if not done.comparisons:
        raise RuntimeError(f"{candidate.construct}: {done.reason}")
    found = done.comparisons[0]
    paces = {"ms": found.candidate.latency.p50_ms, "rootstock_ms": found.rootstock.latency.p50_ms}
    row: Row = {"ratio": found.ratio, "low": found.low, "high": found.high, "doubt": found.doubt}
    return row | paces | {"slowdown": found.slowdown}


def in_one(
    sandbox: Sandbox, candidate: CandidateSource, rootstock: CandidateSource, inputs: np.ndarray, seed: int
) -> Row:
    """Both models in the same process."""
    ratio, low, high = compare_together(sandbox, candidate, rootstock, inputs, seed)
    return {"ratio": ratio, "low": low, "high": high}


WAYS: dict[str, Callable[[Sandbox, CandidateSource, CandidateSource, np.ndarray, int], Row]] = {
    "two processes": in_two,
    "one process": in_one,
}


def main(
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each comparison is made.")] = 3,
    load: Annotated[int, typer.Option(min=0, help="Processes that compute all the while.")] = 0,
) -> None:
    """Measure, print, write."""
    source = MODEL.read_text(encoding="utf-8")
    inputs = np.random.default_rng(0).normal(size=(64, 1, 8, 8)).astype(np.float32)
    rows: list[Row] = []
    with LocalSandbox(preload=("archgraft.evaluator.timed_model",)) as sandbox, loaded(load):
        for seed in range(repeats):
            for construct in CANDIDATES:
                pair = [CandidateSource(source, one) for one in (construct, ROOTSTOCK)]
                for way, compare in WAYS.items():
                    found = compare(sandbox, pair[0], pair[1], inputs, seed)
                    rows.append({"model": construct, "way": way, **found})
                    bounds = f"[{found['low']:.2f}, {found['high']:.2f}]"
                    typer.echo(f"{construct:20} {way:14} {found['ratio']:5.2f} {bounds} {found.get('doubt', '')}")
        for what, code in HOSTILE.items():
            pair = [CandidateSource(source + code, "ResNet(blocks=2)"), CandidateSource(source, ROOTSTOCK)]
            for way, compare in WAYS.items():
                found = compare(sandbox, pair[0], pair[1], inputs, 0)
                rows.append({"model": what, "way": way, **found})
                bounds = f"[{found['low']:.2f}, {found['high']:.2f}]"
                typer.echo(f"{what:20} {way:14} {found['ratio']:5.2f} {bounds} {found.get('doubt', '')}")
    for way in WAYS:
        typer.echo(summary(way, rows))
    if json_ is not None:
        json_.write_text(json.dumps(rows, indent=2))


def summary(way: str, rows: list[Row]) -> str:
    """How much repeats of a comparison differ, how wide its interval is, and how often it holds 1 for equal models."""
    ours = [row for row in rows if row["way"] == way and row["model"] in CANDIDATES]
    spreads, widths = [], []
    for construct in CANDIDATES:
        same = [row for row in ours if row["model"] == construct]
        spreads.append(statistics.pstdev(math.log(float(row["ratio"])) for row in same))
        widths.append(statistics.median(math.log(float(row["high"]) / float(row["low"])) for row in same))
    itself = [row for row in ours if row["model"] == ROOTSTOCK]
    n_holding = sum(float(row["low"]) <= 1 <= float(row["high"]) for row in itself)
    n_doubted = sum(bool(row.get("doubt")) for row in ours)
    spread, width = statistics.fmean(spreads), statistics.fmean(widths)
    return (
        f"{way}: repeats differ by {spread:.1%}, an interval is {width:.1%} wide, "
        f"holds 1 beside itself {n_holding} of {len(itself)}, doubted {n_doubted} of {len(ours)}"
    )


@contextmanager
def loaded(n_processes: int) -> Iterator[None]:
    """While active, so many other processes compute."""
    processes = [multiprocessing.get_context("spawn").Process(target=_compute, daemon=True) for _ in range(n_processes)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()


def _compute() -> None:
    matrix = np.ones((512, 512))
    while True:
        matrix = matrix @ matrix / 512


if __name__ == "__main__":
    typer.run(main)
