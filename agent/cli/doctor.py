"""`archgraft doctor`: is this machine ready, and what to do where it isn't."""

from pathlib import Path
from typing import Annotated

import typer


def doctor_command(
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="TOML file with settings.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    ask_llm: Annotated[bool, typer.Option("--ask-llm", help="Send the LLM one short question.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """Check this machine: is it ready, and if not, what to do?

    Looks at Python, torch, GPU, memory, disk, LLM settings, and tries each
    layer of the sandbox. Nothing is sent anywhere unless --ask-llm says so.
    Every row that isn't well says what to do. Exit code 2 when something
    keeps archgraft from working.
    """
    import os

    from archgraft.agent.doctor.examine import as_json, as_text, examine, failed
    from archgraft.agent.doctor.llm import ask_endpoint
    from archgraft.agent.settings_sources import load_settings
    from archgraft.sandbox.opening import check

    loaded = load_settings(settings, set_ or ())
    rows = examine(loaded, Path.cwd(), os.environ, check, ask_endpoint if ask_llm else None)
    typer.echo(as_json(rows) if json else as_text(rows))
    if failed(rows):
        raise typer.Exit(2)
