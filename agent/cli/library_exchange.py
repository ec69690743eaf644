"""`archgraft library export`, `import` and `merge`: take a library elsewhere, and take others in."""

from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.options import WeakSandbox

DEFAULT_LIBRARY = Path("modules.sqlite")
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def export_command(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, JSON lines: modules.jsonl.")],
    library: Annotated[
        Path, typer.Option("--library", metavar="FILE", help="The library to export.")
    ] = DEFAULT_LIBRARY,
    family: Annotated[str | None, typer.Option("--family", help="Only this family.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only what was mined from this source.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", metavar="SPDX", help="Only under this licence.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only what has this text in its name or source.")] = None,
    json: _Json = False,
) -> None:
    """Write modules, with provenance and licence texts, into one portable file.

    Equal libraries give equal bytes.
    """
    from json import dumps

    from archgraft.agent.library_report import checked_family, checked_source
    from archgraft.tree_ops.library import Library
    from archgraft.tree_ops.library_bundle import write_bundle
    from archgraft.tree_ops.library_records import ModuleFilter

    with Library(library) as opened:
        where = ModuleFilter(
            family=checked_family(family), source=checked_source(opened, source), licence=licence, text=text
        )
        n_modules = write_bundle(opened, where, out)
    typer.echo(dumps({"file": str(out), "n_modules": n_modules}) if json else f"{out}: {n_modules:,} modules")


def import_command(
    bundle: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by archgraft library export.")],
    library: Annotated[
        Path, typer.Option("--library", metavar="FILE", help="The library to add to; made when there is none.")
    ] = DEFAULT_LIBRARY,
    probe: Annotated[
        bool,
        typer.Option("--probe/--no-probe", help="Run each new module in the sandbox; else it is stored unverified."),
    ] = True,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Modules probed at once; one a core.")] = None,
    json: _Json = False,
    allow_weak_sandbox: WeakSandbox = False,
) -> None:
    """Take the modules of an exported file in, as data that nobody vouches for.

    Identities are computed anew, and each new module is probed in the sandbox;
    what the probe finds counts, not what the file says. What is not probed is
    stored as unverified, and no search grafts it.
    """
    import os
    from contextlib import nullcontext
    from dataclasses import asdict
    from json import dumps

    from archgraft.agent.library_exchange import import_library, never_empty
    from archgraft.agent.printable import printable
    from archgraft.sandbox.opening import open_sandbox
    from archgraft.tree_ops.library_bundle import check_bundle

    check_bundle(bundle)  # before a library is made for nothing
    sandbox = open_sandbox(("archgraft.evaluator.probe",), allow_weak=allow_weak_sandbox) if probe else None
    with never_empty(library) as opened, sandbox or nullcontext():
        done = import_library(bundle, opened, sandbox, n_workers=workers or os.cpu_count() or 1)
        done.check(bundle)
    if json:
        typer.echo(dumps(asdict(done), indent=2))
        return
    typer.echo(
        f"{library}: {done.n_added:,} modules added, {done.n_known:,} known already, {done.n_verified:,} verified by a "
        f"probe ({done.n_corrected:,} of them with another contract than the file claims), {done.n_taken:,} left out "
        "because other code is known at their places"
    )
    for reason in done.refused:
        typer.echo(f"refused: {printable(reason)}")


def merge_command(
    others: Annotated[list[Path], typer.Argument(metavar="OTHER", help="Libraries to take in.")],
    library: Annotated[
        Path, typer.Option("--library", metavar="FILE", help="The library to add to; made when there is none.")
    ] = DEFAULT_LIBRARY,
    json: _Json = False,
) -> None:
    """Take in all that other libraries hold.

    Verified contracts replace claimed ones; where else contracts for the same
    code differ, this library's stays, and the difference is reported.
    """
    from dataclasses import asdict
    from json import dumps

    from archgraft.agent.printable import printable
    from archgraft.tree_ops.library import Library
    from archgraft.tree_ops.library_merge import merge_libraries

    for path in others:
        with Library(path):
            pass  # a mistyped name is told before a library is made or changed
    summaries = []
    with Library(library, create=True) as target:
        for path in others:
            with Library(path) as other:
                done = merge_libraries(target, other)
            summaries.append({"library": str(path), **asdict(done)})
            if json:
                continue
            typer.echo(
                f"{path}: {done.n_added:,} modules added, {done.n_known:,} known already, {done.n_verified:,} verified "
                f"now, {done.n_taken:,} left out because other code is known at their places; "
                f"{done.n_rejections:,} rejections added"
            )
            for conflict in done.conflicts:
                name = printable(conflict.qualified_name)
                typer.echo(f"kept this library's contract: {conflict.module_id} {name}: {', '.join(conflict.fields)}")
    if json:
        typer.echo(dumps(summaries, indent=2))
