"""`archgraft status`: how a run stands."""

from pathlib import Path
from typing import Annotated

import typer


def status_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Tell how a run stands: attempts, rate, best so far, failures, spend, budget left.

    It may be asked while the search is at work.
    """
    from archgraft.agent.status import status, status_lines
    from archgraft.agent.store.codec import to_json

    found = status(run)
    typer.echo(to_json(found) if json else "\n".join(status_lines(found)))
