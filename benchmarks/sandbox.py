"""What isolation costs, and what it holds.

Run as `python -m benchmarks.sandbox [--json FILE] [--n-jobs N] [--n-fresh N] [--attacks] [--forgeries]`. Milliseconds
of wall-clock time:

- `start_ms`: the zygote's start, canaries included; once per run
- `ready_ms_p50`: from the request until the child says that it is confined
- `noop_ms_p50`: a whole job that computes nothing, until nothing of it is left
- `train_ms_p50`: a whole job that imports its own code and takes ten AdamW steps on a small layer
- `fresh_ms_p50`: a fresh interpreter that imports torch and does nothing else, no isolation at all
- `innocents_lost`: of 30 candidates, 15 % of them endless, in two slots with a limit of three seconds

With `--attacks`, every attack of the escape suite in every tier that the machine allows, as root (where this is root)
and as an ordinary user, beside plain processes (minutes). With `--forgeries`, every forged score. A file holds all:
`--json` measures both, too.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from archgraft.sandbox.protocol import Channel, Job, Limits, Message, Verdict
from archgraft.sandbox.supervisor import LocalSandbox


def train(channel: Channel) -> Message:
    """Entry point: the first steps of a training, which import and warm whatever a training needs."""
    import torch

    layer = torch.nn.Linear(64, 64)
    optimizer = torch.optim.AdamW(layer.parameters())
    for _ in range(10):
        optimizer.zero_grad()
        layer(torch.ones(32, 64)).square().mean().backward()
        optimizer.step()
    return channel.request


def median_ms(call: Callable[[], object], n_calls: int) -> float:
    """The median wall-clock time of a call."""
    times = []
    for _ in range(n_calls):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def measure(n_jobs: int, n_fresh: int) -> dict[str, Any]:
    """All figures, with the machine and the tier they were measured on."""
    repository = Path(__file__).parent.parent.resolve()
    started = time.perf_counter()
    with LocalSandbox(preload=["archgraft.sandbox.conformance_jobs"]) as sandbox:
        tier = sandbox.tier
        start_ms = 1000 * (time.perf_counter() - started)
        ready_seconds: list[float] = []

        def run(entry: str) -> None:
            outcome = sandbox.run(Job(entry, readable=(repository,)), Limits())
            if outcome.verdict is not Verdict.OK:
                raise RuntimeError(outcome.reason)
            ready_seconds.append(outcome.ready_seconds)

        run("benchmarks.sandbox:train")  # not counted: it fills the file cache
        ready_seconds.clear()
        noop_ms = median_ms(lambda: run("archgraft.sandbox.conformance_jobs:echo"), n_jobs)
        ready_ms = 1000 * statistics.median(ready_seconds)
        train_ms = median_ms(lambda: run("benchmarks.sandbox:train"), n_jobs)
        lost = innocents_lost(sandbox)
    fresh_ms = median_ms(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True), n_fresh)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release().split('-')[0]}",
        "tier": tier,
        "start_ms": start_ms,
        "ready_ms_p50": ready_ms,
        "noop_ms_p50": noop_ms,
        "train_ms_p50": train_ms,
        "fresh_ms_p50": fresh_ms,
        "fresh_over_ready": fresh_ms / ready_ms,
        "fresh_over_noop": fresh_ms / noop_ms,
        "innocents_lost": lost,
    }


def innocents_lost(sandbox: LocalSandbox) -> int:
    """How many good candidates fail because of endless neighbours: every seventh of 30 is one, in two slots."""

    def is_fine(number: int) -> bool:
        if number % 7 == 3:
            limits = Limits(wall_seconds=3.0)
            return sandbox.run(Job("archgraft.sandbox.conformance_jobs:spin"), limits).verdict is Verdict.TIMEOUT_WALL
        return (
            sandbox.run(Job("archgraft.sandbox.conformance_torch_jobs:train"), Limits(wall_seconds=3.0)).verdict
            is Verdict.OK
        )

    with ThreadPoolExecutor(2) as slots:
        return list(slots.map(is_fine, range(30))).count(False)


def forgeries() -> dict[str, Any]:
    """Forged scores tried, and those that were believed: by our evaluator, and by a naive one."""
    from tests.evaluator.forging import forge, forge_naively, names

    with LocalSandbox(preload=("archgraft.evaluator.train",)) as sandbox:
        tried = [forge(sandbox, name) for name in names()]
    naive = [forge_naively(name) for name in names()]
    return {
        "forged_tried": len(tried),
        "forged_believed": sum(forgery.believed for forgery in tried),
        "forged_believed_by_naive": sum(forgery.believed for forgery in naive),
    }


def main() -> None:
    """Measure, print a table, write a file where one is wanted."""
    parser = argparse.ArgumentParser(description="What isolation costs, and what it holds.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="measure all, and write it to this file")
    parser.add_argument("--n-jobs", type=int, default=100)
    parser.add_argument("--n-fresh", type=int, default=5)
    parser.add_argument("--attacks", action="store_true", help="the table of attacks and tiers, too")
    parser.add_argument("--forgeries", action="store_true", help="forged scores, too")
    arguments = parser.parse_args()
    everything = arguments.json is not None
    figures = measure(arguments.n_jobs, arguments.n_fresh)
    if arguments.forgeries or everything:
        figures |= forgeries()
    for name, value in figures.items():
        print(f"{name:24} {format(value, '.1f') if isinstance(value, float) else value}")
    if arguments.attacks or everything:
        from benchmarks.escape import print_table, run_attacks

        figures |= run_attacks()
        print_table(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
