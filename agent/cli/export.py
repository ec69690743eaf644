"""`archgraft export`: the best model as files to keep."""

from pathlib import Path
from typing import Annotated

import typer


def export_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.py", help="Where to write it; RUN/best.py if not given.")
    ] = None,
    patch: Annotated[
        Path | None,
        typer.Option("--patch", metavar="REPO", help="Print a patch for the repository that the search began from."),
    ] = None,
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="SOURCE", help="With --patch: where else to find packages, as for search."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON.")] = False,
) -> None:
    """Write the best model as one Python file that needs only torch, with its weights and a card beside it.

    With --patch nothing is written: a patch goes to standard output that makes
    the same edits in your own files, or adds the model as a file where they
    can't be made there.
    """
    if patch is not None:
        _print_patch(run, patch, tuple(from_ or ()))
        return
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


def _print_patch(run: Path, repository: Path, sources: tuple[str, ...]) -> None:
    import sys

    from archgraft.agent.export_patch import export_patch
    from archgraft.agent.paths import cache_folder
    from archgraft.agent.refactoring.command import PRELOAD
    from archgraft.sandbox.opening import open_sandbox
    from archgraft.tree_ops.refactoring.patch import patch_of

    with open_sandbox(preload=PRELOAD, training=False) as sandbox:
        applied = export_patch(run, repository, sources, cache_folder(), sandbox)
    what = "the whole model" if applied.is_whole else "what is new, the rest imported from yours"
    how = f"a new file with {what}, because {applied.fallback}" if applied.fallback else "made in your own files"
    typer.echo(f"verified: {how}\nbuild it with {applied.model}", err=True)
    sys.stdout.buffer.write(patch_of(applied.changes))
    sys.stdout.buffer.flush()
