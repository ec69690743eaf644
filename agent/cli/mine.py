"""`archgraft mine`: turn packages and files into a library of modules."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archgraft.agent.cli.options import WeakSandbox

if TYPE_CHECKING:
    from archgraft.agent.argument_question import ArgumentQuestion

PRELOAD = ("archgraft.evaluator.probe", "archgraft.evaluator.harvest")


def mine_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A path, an archive, an installed package, pypi:NAME==VERSION, or git+PATH@REVISION.",
        ),
    ],
    library: Annotated[
        Path, typer.Option("--library", metavar="FILE", help="The library to add to; made when there is none.")
    ] = Path("modules.sqlite"),
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="Mine a random N of the classes.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random choice of --limit.")] = 0,
    cap: Annotated[
        int | None,
        typer.Option(
            "--cap",
            min=0,
            metavar="N",
            help="From now on the library offers at most N modules of each source, in fair shares over families; "
            "0: all. All are stored.",
        ),
    ] = None,
    max_lines: Annotated[
        int | None,
        typer.Option(
            "--max-lines",
            min=1,
            metavar="N",
            help="Keep out what is longer with all it needs; 800 unless told. A larger N looks again at what was.",
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Classes probed at once; one a core.")] = None,
    llm: Annotated[
        bool,
        typer.Option("--llm", help="Ask the language model of the settings for arguments where nothing else works."),
    ] = False,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="TOML file with settings, for --llm.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, like llm.model=NAME.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    allow_weak_sandbox: WeakSandbox = False,
) -> None:
    """Mine PyTorch modules out of other people's code.

    Every nn.Module class is cut out with all it needs, built and run in the
    sandbox, and stored with what was learnt: what it takes, what it gives,
    what it costs. Nothing is installed, and nothing is imported outside of
    the sandbox. What is mined already is not mined again.
    """
    import os

    from archgraft.agent.mine import mine, read_sources
    from archgraft.agent.mine_report import as_json, as_table, reporter
    from archgraft.agent.mining import MAX_LINES
    from archgraft.agent.paths import cache_folder
    from archgraft.sandbox.opening import open_sandbox
    from archgraft.tree_ops.fetch import resolve
    from archgraft.tree_ops.library import Library

    sandbox = open_sandbox(PRELOAD, allow_weak=allow_weak_sandbox)  # starts with the first job
    cache = cache_folder()
    roots = tuple(dict.fromkeys(resolve(source, cache) for source in sources))
    if library.exists() and (not library.is_file() or library.stat().st_size):
        with Library(library):
            pass  # what is no library is told before the sources are read
    asked = _question(settings, set_ or ()) if llm else None
    with reporter() as reports:
        read = read_sources(roots, cache=cache, progress=reports.indexed)
        # The library is made only now: where there is nothing to mine, no empty one is left behind.
        with Library(library, create=True) as opened, sandbox:
            if cap is not None:
                opened.set_cap(cap or None)
            n_workers = workers or os.cpu_count() or 1
            summary = mine(
                read,
                opened,
                sandbox,
                limit=limit,
                seed=seed,
                n_workers=n_workers,
                progress=reports.mined,
                question=asked,
                max_lines=max_lines or MAX_LINES,
            )
    if json:
        typer.echo(as_json(summary))
        return
    as_table(summary)
    typer.echo(f"\n{library}: {summary.n_modules:,} modules. `archgraft library list --library {library}` lists them.")


def _question(settings: Path | None, changes: Sequence[str]) -> "ArgumentQuestion":
    """The door to the model that the settings name, tried once. Raises `UsageError`."""
    from archgraft.agent.argument_question import ArgumentQuestion
    from archgraft.agent.choosers.openai_client import connect
    from archgraft.agent.settings_sources import load_settings

    client = connect(load_settings(settings, changes).llm)
    client.check()
    return ArgumentQuestion(client)
