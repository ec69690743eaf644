"""`archgraft tree`: the module tree of a model, with the code that made each module."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.boundary import EXIT_NO
from archgraft.agent.cli.options import FurtherSources, SampleShape, WeakSandbox
from archgraft.agent.errors import UsageError


def tree_command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="FILE:CLASS(...), FILE:factory() or package.module:CLASS(...)")
    ],
    input_: SampleShape = None,
    from_: FurtherSources = None,
    collapse: Annotated[
        bool, typer.Option("--collapse", help="Show blocks that are built alike once, with how many there are.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Print the model anew, rebuild it, and compare both with the original.")
    ] = False,
    graph: Annotated[
        Path | None,
        typer.Option(
            "--graph",
            metavar="FILE.graphml",
            help="Write the tree as two graphs: FILE-containment.graphml and FILE-calls.graphml.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the tree as JSON, source included.")] = False,
    allow_weak_sandbox: WeakSandbox = False,
) -> None:
    """Show a model's tree: modules, shapes, parameters, FLOPs and code sites.

    The model is built in the sandbox from a self-contained copy of its code. The last column says which modules can't
    be swapped, and why. With --check, exit code 4 when a comparison finds a difference.
    """
    from archgraft.agent import round_trip, show_tree
    from archgraft.agent.paths import cache_folder
    from archgraft.sandbox.opening import open_sandbox
    from archgraft.sandbox.protocol import Limits

    if graph and (graph.suffix != ".graphml" or not graph.absolute().parent.is_dir()):
        raise UsageError(f"--graph {graph}: state a file that ends in .graphml, in a folder that is there")
    shape = show_tree.parsed_shape(input_) if input_ else None
    with open_sandbox(preload=("archgraft.evaluator.trace",), training=False, allow_weak=allow_weak_sandbox) as sandbox:
        rootstock, noise = show_tree.model_and_noise(model, shape, from_ or [], cache_folder(), sandbox, Limits())
        checks = round_trip.check(rootstock, noise, sandbox, from_ or [], cache_folder()) if check else ()
    written: list[Path] = []
    if graph:
        from archgraft.tree_ops.graph_view import write_graphml

        written = write_graphml(rootstock.tree, graph)
    if json:
        typer.echo(show_tree.as_json(rootstock, checks))
    else:
        _print(show_tree.rows(rootstock.tree, collapse=collapse))
        typer.echo("")
        told = [*show_tree.notes(rootstock), *map(show_tree.told, checks), *(f"wrote {path}" for path in written)]
        for line in told:
            typer.echo(line)
    if any(one.kind == "differs" for one in checks):
        raise typer.Exit(EXIT_NO)


def _print(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("slot", "class", "shapes"):
        table.add_column(name, no_wrap=True)
    for name in ("parameters", "FLOPs"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("made at", "closed"):
        table.add_column(name)
    for row in rows:
        table.add_row(*map(Text, row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=200)  # a pipe has no width to keep to
    console.print(table)
