"""`archgraft` itself: what it is, and its version."""

from typing import Annotated

import typer


def _show_version(asked: bool) -> None:
    if asked:
        from archgraft import __version__

        typer.echo(f"archgraft {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Evolve executable PyTorch architectures by tree surgery on real code."""
