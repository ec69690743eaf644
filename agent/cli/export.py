"""`archgraft export`: the best model as files to keep."""

from pathlib import Path
from typing import Annotated

import typer


def export_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.py", help="Where to write it; RUN/best.py if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON.")] = False,
) -> None:
    """Write the best model as one Python file that needs only torch, with its weights and a card beside it."""
    from archgraft.agent.export import export
    from archgraft.agent.store.codec import to_json

    exported = export(run, run / "best.py" if out is None else out)
    paths = {"source": exported.source, "weights": exported.weights, "card": exported.card}
    shown = {name: str(path) for name, path in paths.items() if path is not None}
    if json:
        typer.echo(to_json({"candidate": exported.candidate_id, **shown}))
        return
    for name, path in shown.items():
        typer.echo(f"{name:<8}{path}")
