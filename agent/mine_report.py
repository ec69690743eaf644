"""What people see of mining: progress while it runs, and a table at its end."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from archgraft.agent.mine import MineStep, MineSummary, SourceSummary

PLAIN_SECONDS = 5.0
PIPE_WIDTH = 160


@contextmanager
def reporter() -> Iterator[Callable[[MineStep], None]]:
    """Shows steps on stderr: a bar in a terminal, a plain line now and then elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _PlainLines()
        return
    columns = (
        TextColumn("mining"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("mining", total=None, name="")

        def show(step: MineStep) -> None:
            progress.update(task, completed=step.n_done, total=step.n_classes, name=step.qualified_name[-50:])

        yield show


class _PlainLines:
    """A line every few seconds, and one at the end."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PLAIN_SECONDS
        self._n_stored = 0

    def __call__(self, step: MineStep) -> None:
        self._n_stored += step.kind == "stored"
        if time.monotonic() >= self._next or step.n_done == step.n_classes:
            self._next = time.monotonic() + PLAIN_SECONDS
            print(f"mined {step.n_done} of {step.n_classes} classes, {self._n_stored} stored", file=sys.stderr)


def as_json(summary: MineSummary) -> str:
    """The summary as JSON."""
    fields = asdict(summary)
    for source in fields["sources"]:
        source["by_family"], source["by_rejection"] = dict(source["by_family"]), dict(source["by_rejection"])
    return json.dumps(fields, indent=2)


def as_table(summary: MineSummary) -> None:
    """Print the summary: a row for each source, then what was rejected, and why."""
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=PIPE_WIDTH)
    table = Table(box=None, pad_edge=False)
    for name in ("source", "licence"):
        table.add_column(name)
    for name in ("classes", "known", "extracted", "stored"):
        table.add_column(name, justify="right")
    table.add_column("stored by family")
    table.add_column("rejected by kind")
    for source in summary.sources:
        table.add_row(*map(Text, _row(source)))
    console.print(table)
    for source in summary.sources:
        for text in source.unreadable_files:
            console.print(Text(f"not readable: {text}"))
    console.print(f"{summary.wall_seconds:.1f} s, sandbox: {summary.tier}", highlight=False)


def _row(source: SourceSummary) -> tuple[str, ...]:
    counts = (source.n_classes, source.n_known, source.n_extracted, source.n_stored)
    name = f"{source.source} {source.version}".strip()
    return (name, source.licence, *map(str, counts), _listed(source.by_family), _listed(source.by_rejection))


def _listed(counts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts, key=lambda item: -item[1])) or "-"
