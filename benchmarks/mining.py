"""How much of real packages can be mined: classes extracted and executed alone, their size, and what it costs.

Run: python -m benchmarks.mining --source timm --source PATH --sample 400 --seed 0 --json FILE
"""

import argparse
import collections
import json
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox, Verdict
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.spec_builder import build_spec

ALLOWED = {"torch", "numpy"}
READABLE_LINES = 300
_REASON_LENGTH = 100


@dataclass(frozen=True)
class MiningFigures:
    """What the benchmark reports; `executes_clean` counts sources without an empty class for a missing package."""

    n_classes: int
    n_sampled: int
    extracted: int
    executes: int
    executes_clean: int
    lines_p50: float
    lines_p90: float
    share_within_300_lines: float
    index_seconds: float
    extract_ms_p50: float
    extract_ms_p90: float
    peak_memory_bytes: int
    failures: dict[str, int]


def measure(sources: Sequence[str], n_sampled: int, seed: int, sandbox: Sandbox, cache: Path) -> MiningFigures:
    """Mine a sample of the classes of the sources (0: all of them)."""
    start = time.perf_counter()
    index = SourceIndex.build([resolve(source, cache) for source in sources])
    index_seconds = time.perf_counter() - start
    classes = index.module_classes()
    sample = _draw(classes, n_sampled, seed)
    failures: collections.Counter[str] = collections.Counter()
    specs, milliseconds = _extract(index, sample, failures)
    executed = [spec for spec in specs if _executes(spec, sandbox, failures)]
    lines = sorted(spec.n_lines for spec in specs) or [0]
    times = milliseconds or [0.0]
    return MiningFigures(
        n_classes=len(classes),
        n_sampled=len(sample),
        extracted=len(specs),
        executes=len(executed),
        executes_clean=sum("except ImportError:  # only some uses need" not in spec.source for spec in executed),
        lines_p50=float(np.quantile(lines, 0.5)),
        lines_p90=float(np.quantile(lines, 0.9)),
        share_within_300_lines=sum(n <= READABLE_LINES for n in lines) / len(lines),
        index_seconds=index_seconds,
        extract_ms_p50=statistics.median(times),
        extract_ms_p90=float(np.quantile(times, 0.9)),
        peak_memory_bytes=_peak_memory_bytes(),
        failures=dict(failures.most_common()),
    )


def _draw(classes: Sequence[Definition], n_sampled: int, seed: int) -> list[Definition]:
    if not 0 < n_sampled < len(classes):
        return list(classes)
    chosen = np.random.default_rng(seed).choice(len(classes), n_sampled, replace=False)
    return [classes[index] for index in sorted(chosen)]


def _extract(
    index: SourceIndex, sample: Sequence[Definition], failures: collections.Counter[str]
) -> tuple[list[ModuleSpec], list[float]]:
    specs, milliseconds = [], []
    for definition in sample:
        start = time.perf_counter()
        try:
            specs.append(build_spec(index, definition))
        except SourceError as error:
            failures[f"extract: {error}"[:_REASON_LENGTH]] += 1
        milliseconds.append((time.perf_counter() - start) * 1000)
    return specs, milliseconds


def _executes(spec: ModuleSpec, sandbox: Sandbox, failures: collections.Counter[str]) -> bool:
    beyond = sorted(set(spec.requires) - ALLOWED)
    if beyond:
        failures[f"requires {', '.join(beyond)}"] += 1
        return False
    message = Message({"source": spec.source, "class_name": spec.class_name})
    outcome = sandbox.run(Job("archgraft.evaluator.execute:run", message), Limits(wall_seconds=20))
    if outcome.verdict is not Verdict.OK:
        failures[f"{outcome.verdict}: {outcome.reason}"[:_REASON_LENGTH]] += 1
    return outcome.verdict is Verdict.OK


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def main() -> None:
    """Print the table; write the figures where --json says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", action="append", help="path, installed package, or pypi:NAME==VERSION")
    parser.add_argument("--sample", type=int, default=0, help="how many classes to draw; 0 takes all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    console = Console()
    if not arguments.source:
        console.print("skipped: give --source PATH, an installed package, or pypi:NAME==VERSION")
        return
    preload = ("archgraft.evaluator.execute",)
    with tempfile.TemporaryDirectory() as cache, LocalSandbox(preload, training=False) as sandbox:
        figures = measure(arguments.source, arguments.sample, arguments.seed, sandbox, Path(cache))
    table = Table("figure", "value", title=", ".join(arguments.source))
    for name, value in asdict(figures).items():
        if name != "failures":
            table.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    for reason, count in figures.failures.items():
        table.add_row(f"failed: {reason}", str(count))
    console.print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
