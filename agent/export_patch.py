"""`archgraft export RUN --patch REPO`: the best model of a run as a patch for the repository it began from."""

from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.winner import Applied, applied
from archgraft.agent.report.comparison import compare
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.tree import Tree


def export_patch(
    run_folder: Path, repository: Path, sources: tuple[str, ...], cache: Path, sandbox: Sandbox
) -> Applied:
    """The patch. Raises `UsageError` when the best model is the one that the search began with, or lost its file."""
    with load_run(run_folder) as run:
        comparison = compare(run)
        best = comparison.best.candidate_id if comparison is not None else 0
        steps = _steps(run, best)
        if not steps:
            raise UsageError(f"{run_folder}: the best model is still the one it began with, so there is no patch")
        model = _moved(run.info.model, repository)
        with Library(Path(run.info.library_path)) as library:
            return applied(model, steps, library.get, sources, cache, sandbox)


def _steps(run: RunReader, candidate_id: int) -> list[tuple[Edit, Tree]]:
    """From the rootstock to a candidate, oldest first: each edit with the tree that it gave."""
    steps: list[tuple[Edit, Tree]] = []
    candidate = run.candidate(candidate_id)
    while candidate.parent_id is not None and candidate.edit is not None:
        steps.insert(0, (candidate.edit, candidate.tree))
        candidate = run.candidate(candidate.parent_id)
    return steps


def _moved(model: str, repository: Path) -> str:
    """The run's model with its file found in the repository."""
    place = model.partition("(")[0].rpartition(":")[0]
    parts = Path(place).parts
    for start in range(len(parts)):
        found = repository.joinpath(*parts[start:])
        if found.is_file() and parts[start] != "/":
            return f"{found}{model[len(place) :]}"
    reference = f"{place} of {model}" if place else model
    raise UsageError(f"--patch {repository}: it holds no {reference}: give the repository that the search began from")
