"""`archgraft library check`: compare modules with the packages that they were mined from."""

from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.options import WeakSandbox

DEFAULT_LIBRARY = Path("modules.sqlite")


def check_command(
    library: Annotated[
        Path, typer.Option("--library", metavar="FILE", help="A file made by archgraft mine.")
    ] = DEFAULT_LIBRARY,
    originals: Annotated[
        list[Path] | None,
        typer.Option("--originals", metavar="FOLDER", help="Where else packages lie: a folder made by pip --target."),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only what was mined from this source.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Modules run at once; one a core.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    allow_weak_sandbox: WeakSandbox = False,
) -> None:
    """Run every module beside the class that it was mined from.

    Both are built alike, given the same weights and run on the same inputs, in
    the sandbox; outputs, gradients and state must agree. The packages must be
    installed, or lie with all they need in a folder that --originals names.
    """
    import os

    from archgraft.agent.errors import UsageError
    from archgraft.agent.library_check import check, show
    from archgraft.agent.library_report import checked_source
    from archgraft.sandbox.opening import open_sandbox
    from archgraft.tree_ops.library import Library
    from archgraft.tree_ops.library_records import ModuleFilter

    folders = [folder.absolute() for folder in originals or []]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}: fill one with `pip install --target {folder} PACKAGE`")
    preload = ("archgraft.evaluator.trial", "archgraft.evaluator.same_as_original")
    with Library(library) as opened, open_sandbox(preload, allow_weak=allow_weak_sandbox) as sandbox:
        modules = opened.modules(ModuleFilter(source=checked_source(opened, source)), everything=True)
        show(check(modules, sandbox, folders, n_workers=workers or os.cpu_count() or 1), as_json=json)
