"""`archgraft library`: look into a library, search it, take it elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from archgraft.agent.cli.boundary import guarded
from archgraft.agent.cli.options import FurtherSources

DEFAULT_LIBRARY = Path("modules.sqlite")

_Library = Annotated[Path, typer.Option("--library", metavar="FILE", help="A file made by archgraft mine.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Family = Annotated[str | None, typer.Option("--family", help="Only this family: attention, convolution, mlp, ...")]
_Layout = Annotated[
    str | None, typer.Option("--layout", help="Only this layout: map, map_last, sequence, signal, vector.")
]
_Kind = Annotated[str | None, typer.Option("--kind", help="Only layers, or only blocks: layer, block.")]
_Source = Annotated[str | None, typer.Option("--source", help="Only what was mined from this source.")]
_Text = Annotated[str | None, typer.Option("--text", help="Only what has this text in its name, source or docstrings.")]
_Licence = Annotated[str | None, typer.Option("--licence", metavar="SPDX", help="Only what is under this licence.")]
_Causal = Annotated[bool | None, typer.Option("--causal/--not-causal", help="Only what never looks ahead, or does.")]
_Stride = Annotated[int | None, typer.Option("--stride", min=1, help="Only what divides positions by this.")]
_Projects = Annotated[
    bool | None, typer.Option("--projects/--keeps-width", help="Only what can change the width, or can't.")
]
_MaxLines = Annotated[int | None, typer.Option("--max-lines", min=1, help="Only what has so many lines or fewer.")]
_MaxParameters = Annotated[
    int | None, typer.Option("--max-parameters", min=0, help="Only what had so few parameters when probed.")
]
_All = Annotated[bool, typer.Option("--all", help="Near-duplicates, unverified modules, and those over the cap, too.")]


class _Group(TyperGroup):
    """Tells who gives a file where a command belongs what to type instead."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and Path(args[0]).suffix:
            ctx.fail(
                f"{args[0]!r} is no command: to look into a file, type 'archgraft library list --library {args[0]}'"
            )
        return super().resolve_command(ctx, args)


def library_group() -> typer.Typer:
    """The command with its own commands."""
    from archgraft.agent.cli import library_exchange as exchange
    from archgraft.agent.cli.library_check import check_command

    group = typer.Typer(
        name="library", cls=_Group, help="Look into a library, search it, take it elsewhere.", no_args_is_help=True
    )
    commands: dict[str, Callable[..., None]] = {
        "list": list_command,
        "show": show_command,
        "like": like_command,
        "rejected": rejected_command,
        "stats": stats_command,
        "check": check_command,
        "export": exchange.export_command,
        "import": exchange.import_command,
        "merge": exchange.merge_command,
    }
    for name, command in commands.items():
        group.command(name)(guarded(command))
    return group


def list_command(
    library: _Library = DEFAULT_LIBRARY,
    family: _Family = None,
    layout: _Layout = None,
    kind: _Kind = None,
    causal: _Causal = None,
    stride: _Stride = None,
    projects: _Projects = None,
    max_lines: _MaxLines = None,
    max_parameters: _MaxParameters = None,
    source: _Source = None,
    licence: _Licence = None,
    text: _Text = None,
    everything: _All = False,
    json: _Json = False,
) -> None:
    """List modules: what they take and give, and whence they came."""
    from archgraft.agent.library_report import (
        checked_family,
        checked_kind,
        checked_layout,
        checked_source,
        show_modules,
    )
    from archgraft.tree_ops.library import Library
    from archgraft.tree_ops.library_records import ModuleFilter

    with Library(library) as opened:
        where = ModuleFilter(
            family=checked_family(family),
            layout=checked_layout(layout),
            kind=checked_kind(kind),
            width=None if projects is None else "project" if projects else "preserve",
            causal=causal,
            stride=stride,
            max_lines=max_lines,
            max_parameters=max_parameters,
            source=checked_source(opened, source),
            licence=licence,
            text=text,
        )
        show_modules(opened, opened.modules(where, everything=everything), as_json=json)


def show_command(
    module: Annotated[str, typer.Argument(metavar="ID", help="A module's id; a unique start of it will do.")],
    library: _Library = DEFAULT_LIBRARY,
    json: _Json = False,
) -> None:
    """Show one module whole: where it is from, its contract, its source."""
    from archgraft.agent.library_show import show_module
    from archgraft.tree_ops.library import Library

    with Library(library) as opened:
        show_module(opened, module, as_json=json)


def like_command(
    block: Annotated[str, typer.Argument(metavar="BLOCK", help="A module's id, FILE:CLASS or package.module:CLASS.")],
    library: _Library = DEFAULT_LIBRARY,
    n: Annotated[int, typer.Option("-n", min=1, help="How many to show.")] = 10,
    family: _Family = None,
    layout: _Layout = None,
    kind: _Kind = None,
    max_lines: _MaxLines = None,
    from_: FurtherSources = None,
    everything: _All = False,
    json: _Json = False,
) -> None:
    """Find the modules that are built like a block.

    The distance is 0 for the same structure and 1 for nothing shared. A class
    of your own is cut out of its file and compared, not run.
    """
    from archgraft.agent.library_like import neighbours, show_neighbours
    from archgraft.agent.library_report import checked_family, checked_kind, checked_layout
    from archgraft.agent.paths import cache_folder
    from archgraft.tree_ops.library import Library
    from archgraft.tree_ops.library_records import ModuleFilter

    where = ModuleFilter(
        family=checked_family(family), layout=checked_layout(layout), kind=checked_kind(kind), max_lines=max_lines
    )
    with Library(library) as opened:
        found = neighbours(opened, block, where, from_ or [], cache_folder(), everything=everything)
        show_neighbours(opened, found[:n], as_json=json)


def rejected_command(
    library: _Library = DEFAULT_LIBRARY,
    source: _Source = None,
    text: Annotated[str | None, typer.Option("--text", help="Only what has this text in its name or reason.")] = None,
    json: _Json = False,
) -> None:
    """List the classes that were not taken, each with its reason."""
    from archgraft.agent.library_report import checked_source, show_rejections
    from archgraft.tree_ops.library import Library

    with Library(library) as opened:
        show_rejections(opened.rejections(source=checked_source(opened, source), text=text), as_json=json)


def stats_command(library: _Library = DEFAULT_LIBRARY, json: _Json = False) -> None:
    """Count modules by source and family, near-duplicates, and what is offered."""
    from archgraft.agent.library_report import show_stats
    from archgraft.tree_ops.library import Library

    with Library(library) as opened:
        show_stats(opened, as_json=json)
