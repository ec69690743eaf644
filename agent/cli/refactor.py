"""`archgraft refactor`: one module for another in the user's own files."""

from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.options import FurtherSources, SampleShape


def refactor_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="FILE:CLASS(...) or FILE:factory(), of your own code.")],
    at: Annotated[
        list[str],
        typer.Option("--at", metavar="PATHS", help="Which modules: 'blocks.*.mlp'; ** is any number of parts."),
    ],
    with_: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="MODULE",
            help="A library module's id, package.module:CLASS or FILE:CLASS; with (arguments) to give them yourself.",
        ),
    ],
    scope: Annotated[
        str,
        typer.Option(
            "--scope",
            help="instance: just these. stage: all that the same call makes in the same container. site: all it makes.",
        ),
    ] = "instance",
    write: Annotated[
        bool, typer.Option("--write/--dry-run", help="Change the files, or print the patch and change nothing.")
    ] = False,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Only tell whether it can be done, and what would break.")
    ] = False,
    library: Annotated[
        Path | None, typer.Option("--library", metavar="FILE", help="The library that an id is in.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FILE", help="Where to put a copied module; a new file if not given."),
    ] = None,
    input_: SampleShape = None,
    from_: FurtherSources = None,
    out_patch: Annotated[
        Path | None, typer.Option("--out-patch", metavar="FILE", help="Write the patch to a file, too.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="Where to save which tensor became which; MODEL's FILE.keys.json."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report, patch included, as JSON.")] = False,
    allow_weak_sandbox: Annotated[
        bool, typer.Option("--allow-weak-sandbox", help="Run even where foreign code can't be confined: your own risk.")
    ] = False,
) -> None:
    """Put one module in the place of others, in your own files, as a small patch.

    The change is laid over a copy of your files, rebuilt in the sandbox, and
    accepted only when the rebuilt model is the one that was meant and runs
    forward and backward. Formatting, comments and names stay yours.

    Without --write the patch goes to standard output, for git apply, and all
    else to standard error.

    Exit codes: 0 done, or with --check-only it could be; 4 it can't be, and
    why; 2 the command was given something that can't be used.
    """
    from archgraft.agent.paths import cache_folder
    from archgraft.agent.refactoring import command
    from archgraft.sandbox.opening import open_sandbox

    request = command.request_of(model, at, with_, scope, library, into, input_, from_ or [])
    with open_sandbox(preload=command.PRELOAD, training=False, allow_weak=allow_weak_sandbox) as sandbox:
        ended = command.run(
            request,
            cache_folder(),
            sandbox,
            command.Output(write=write, check_only=check_only, json=json, out_patch=out_patch, keys=keys),
        )
    raise typer.Exit(ended)
