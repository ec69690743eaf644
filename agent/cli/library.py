"""`archgraft library`: look into a library."""

from pathlib import Path
from typing import Annotated

import typer


def library_command(
    library: Annotated[Path, typer.Argument(metavar="LIBRARY", help="A file made by archgraft mine.")],
    family: Annotated[
        str | None, typer.Option("--family", help="Only this family: attention, convolution, mlp, ...")
    ] = None,
    layout: Annotated[
        str | None, typer.Option("--layout", help="Only this layout: map, map_last, sequence, signal, vector.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only what was mined from this source.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only what has this text in its name or source.")] = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List the classes that were not taken, with the reason.")
    ] = False,
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="ID", help="Show one module whole; a unique start of its id will do."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List a library's modules: what they take and give, and whence they came."""
    from archgraft.agent.library_report import (
        checked_family,
        checked_layout,
        show_module,
        show_modules,
        show_rejections,
    )
    from archgraft.tree_ops.library import Library

    with Library(library) as opened:
        if show is not None:
            show_module(opened, show, as_json=json)
        elif rejected:
            show_rejections(opened.rejections(source=source, text=text), as_json=json)
        else:
            modules = opened.modules(
                family=checked_family(family), layout=checked_layout(layout), source=source, text=text
            )
            show_modules(opened, modules, as_json=json)
