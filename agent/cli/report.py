"""`archgraft report`: a run as one offline page."""

from pathlib import Path
from typing import Annotated

import typer


def report_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    json: Annotated[bool, typer.Option("--json", help="Print the page's path as JSON.")] = False,
) -> None:
    """Write RUN/report.html: one page with all of a run, which works offline and can be sent as it is.

    It may be asked while the search is at work.
    """
    from archgraft.agent.report.build import build_report
    from archgraft.agent.store.codec import to_json

    page = build_report(run)
    typer.echo(to_json({"report": str(page)}) if json else str(page))
