"""What people see of mining: progress while it runs, and a table at its end."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from archgraft.agent.mine import MineStep, MineSummary, SourceSummary
from archgraft.tree_ops.file_reading import IndexStep

PLAIN_SECONDS = 5.0
PIPE_WIDTH = 160
N_UNREADABLE = 20


@dataclass(frozen=True, slots=True)
class Reporter:
    """Where the two stages of mining tell how far they are."""

    indexed: Callable[[IndexStep], None]
    mined: Callable[[MineStep], None]


@contextmanager
def reporter() -> Iterator[Reporter]:
    """Shows steps on stderr: a bar for each stage in a terminal, a plain line now and then elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Reporter(_PlainIndexLines(), _PlainLines())
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        indexing = progress.add_task("reading files", total=None, name="")
        mining = progress.add_task("mining", total=None, name="", visible=False)

        def indexed(step: IndexStep) -> None:
            progress.update(indexing, completed=step.n_done, total=step.n_files)

        def mined(step: MineStep) -> None:
            progress.update(indexing, visible=False)
            name = step.qualified_name[-50:]
            progress.update(mining, completed=step.n_done, total=step.n_classes, name=name, visible=True)

        yield Reporter(indexed, mined)


class _PlainIndexLines:
    """A line every few seconds, as long as it takes; nothing when it is quick."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PLAIN_SECONDS

    def __call__(self, step: IndexStep) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PLAIN_SECONDS
            print(f"read {step.n_done} of {step.n_files} files", file=sys.stderr)


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
        for text in source.unreadable_files[:N_UNREADABLE]:
            console.print(Text(f"not readable: {text}"))
        if more := len(source.unreadable_files[N_UNREADABLE:]):
            console.print(f"not readable: {more} more of {source.source}; --json lists all", highlight=False)
    if summary.closed_with:
        console.print(Text(f"their modules hold what they use of {', '.join(summary.closed_with)}"))
    if summary.cache_problem:
        console.print(Text(f"what was read can't be kept for the next time: {summary.cache_problem}"))
    seconds = f"{summary.wall_seconds:.1f} s, {summary.index_seconds:.1f} s of them for reading"
    console.print(f"{seconds}, sandbox: {summary.tier}", highlight=False)


def _row(source: SourceSummary) -> tuple[str, ...]:
    counts = (source.n_classes, source.n_known, source.n_extracted, source.n_stored)
    name = f"{source.source} {source.version}".strip()
    return (name, source.licence, *map(str, counts), _listed(source.by_family), _listed(source.by_rejection))


def _listed(counts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts, key=lambda item: -item[1])) or "-"
