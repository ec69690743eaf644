"""A search as people see it: progress while it runs; result, report and exported model at its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.export import export
from archgraft.agent.live_progress import LiveWatcher
from archgraft.agent.outcome_text import outcome_lines
from archgraft.agent.progress import PlainWatcher, Watcher
from archgraft.agent.report.build import build_report
from archgraft.agent.search import SearchOutcome, SearchRequest, search
from archgraft.agent.store.reader import load_run
from archgraft.sandbox.protocol import Sandbox

EXPORT_NAME = "best.py"


def run_and_report(request: SearchRequest, cache: Path, sandbox: Sandbox, echo: Callable[[str], None]) -> SearchOutcome:
    """Search with progress, then write report and exported model into the run folder, and say what came of it."""
    with watching(echo) as watcher:
        outcome = search(request, cache, sandbox, watcher)
    echo(f"{outcome.ended_because}\n")
    with load_run(request.out) as run:
        for line in outcome_lines(run):
            echo(line)
    echo("")
    try:
        exported = export(request.out, request.out / EXPORT_NAME)
        echo(f"model   {exported.source}")
    except UsageError as error:  # a run without a scored winner has nothing to export, and a report all the same
        echo(f"model   none: {error}")
    echo(f"report  {build_report(request.out)}")
    return outcome


@contextmanager
def watching(echo: Callable[[str], None]) -> Iterator[Watcher]:
    """A live panel on a terminal, plain lines elsewhere."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        yield PlainWatcher(echo)
        return
    with LiveWatcher(console) as live:
        yield live
