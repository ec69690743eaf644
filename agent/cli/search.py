"""`archgraft search`: evolve a model on a task until the budget is spent."""

from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.options import FurtherSources


def search_command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="FILE:CLASS(...), FILE:factory() or package.module:CLASS(...)")
    ],
    task: Annotated[
        str,
        typer.Option(
            "--task", metavar="TASK", help="digits, npz:FILE, text:FILE, folder:FOLDER, ...; see docs/tasks.md."
        ),
    ],
    library: Annotated[Path, typer.Option("--library", metavar="LIB", help="Library file made by 'archgraft mine'.")],
    budget: Annotated[
        str, typer.Option("--budget", metavar="BUDGET", help="trials=N,minutes=M,gpu_hours=H,usd=U; one is enough.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="Folder of the run; the same call resumes it.")],
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="TOML file with settings.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, like search.planner=random.")
    ] = None,
    from_: FurtherSources = None,
) -> None:
    """Evolve a model on a task, from a library of mined modules, until the budget is spent.

    Everything is written to the run folder as it happens: stop it with Ctrl-C, or kill it, and the same command goes
    on. At the end the best candidates are trained anew with several seeds beside the model they came from, and the
    sealed test split is opened once.
    """
    import shlex
    import sys

    from archgraft.agent.budget import Budget
    from archgraft.agent.paths import cache_folder
    from archgraft.agent.search import PRELOAD, SearchRequest
    from archgraft.agent.searching import run_and_report
    from archgraft.agent.settings_sources import load_settings
    from archgraft.sandbox.opening import open_sandbox

    request = SearchRequest(
        model=model,
        task=task,
        library=library,
        budget=Budget.parse(budget),
        out=out,
        settings=load_settings(settings, set_ or ()),
        sources=tuple(from_ or ()),
        command=shlex.join(["archgraft", *sys.argv[1:]]),
    )
    with open_sandbox(preload=PRELOAD, allow_weak=request.settings.sandbox.allow_weak) as sandbox:
        run_and_report(request, cache_folder(), sandbox, typer.echo)
