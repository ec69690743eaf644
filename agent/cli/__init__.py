"""The command line. A command lives in its own module, imported when that command, or all help, is asked for.

Command modules import typer and the standard library at their top; the work is imported inside the function. So
`archgraft --help` answers at once, without torch. This module imports not even typer, so that Ctrl-C ends cleanly from
the first moment on.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

COMMANDS = ("demo", "mine", "library", "tree", "refactor", "search", "status", "report", "export", "doctor")
"""Every command, in the order in which people meet them; `archgraft.agent.cli.NAME` holds `NAME_command`, or
`NAME_group` for one that has commands of its own."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `archgraft`: run one command and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS
    try:
        application(wanted)(args=given, prog_name="archgraft")
    except KeyboardInterrupt:  # while a command's module was being imported
        sys.stderr.write("archgraft: interrupted\n")
        sys.exit(130)


def application(names: Sequence[str] = COMMANDS) -> "typer.Typer":
    """The typer application with the commands of these names; only their modules are imported."""
    import typer

    from archgraft.agent.cli.boundary import guarded
    from archgraft.agent.cli.root import root

    app = typer.Typer(
        name="archgraft",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    for name in names:
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, f"{name}_group"):
            app.add_typer(getattr(module, f"{name}_group")(), name=name)
        else:
            app.command(name)(guarded(getattr(module, f"{name}_command")))
    return app
