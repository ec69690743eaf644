"""The command line. A command lives in its own module, imported when that command, or all help, is asked for.

Command modules import typer and the standard library at their top; the work is imported inside the function. So
`archgraft --help` answers at once, without torch.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from archgraft.agent.cli.boundary import guarded

COMMANDS = ("demo", "mine", "library", "tree", "search", "status", "report", "export", "doctor")
"""Every command, in the order in which people meet them; `archgraft.agent.cli.NAME` holds `NAME_command`, or
`NAME_group` for one that has commands of its own."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `archgraft`: run one command and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS
    application(wanted)(args=given, prog_name="archgraft")


def application(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The typer application with the commands of these names; only their modules are imported."""
    app = typer.Typer(
        name="archgraft",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, f"{name}_group"):
            app.add_typer(getattr(module, f"{name}_group")(), name=name)
        else:
            app.command(name)(guarded(getattr(module, f"{name}_command")))
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from archgraft import __version__

        typer.echo(f"archgraft {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Evolve executable PyTorch architectures by tree surgery on real code."""
