"""What `archgraft refactor` does with a request: works it out, then prints, saves or writes it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from archgraft.agent.cli.boundary import EXIT_NO
from archgraft.agent.errors import UsageError
from archgraft.agent.printable import printable
from archgraft.agent.refactoring.refactor import Refactored, RefactorRequest, refactor
from archgraft.agent.refactoring.report import as_json, keys_json, report
from archgraft.agent.refactoring.writing import write, write_bytes
from archgraft.agent.show_tree import parsed_shape
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.near_names import near_names
from archgraft.tree_ops.refactoring.patch import patch_of
from archgraft.tree_ops.refactoring.targets import SCOPES

PRELOAD = ("archgraft.evaluator.trace", "archgraft.evaluator.scope_values", "archgraft.evaluator.swap_effect")


@dataclass(frozen=True, slots=True)
class Output:
    """Where things go. `keys` is None for the usual place, beside the model's file."""

    write: bool
    check_only: bool
    json: bool
    out_patch: Path | None
    keys: Path | None


def request_of(
    model: str,
    at: Sequence[str],
    replacement: str,
    scope: str,
    library: Path | None,
    into: Path | None,
    shape: str | None,
    sources: Sequence[str],
) -> RefactorRequest:
    """The request, checked. Raises `UsageError` and `SourceError`."""
    known = next((one for one in SCOPES if one == scope), None)
    if known is None:
        near = near_names(scope, SCOPES)
        raise UsageError(f"--scope {scope}: it is {', '.join(SCOPES)}{f'; did you mean {near[0]}?' if near else ''}")
    wanted = parsed_shape(shape) if shape else None
    return RefactorRequest(model, tuple(at), replacement, known, library, wanted, tuple(sources), into)


def run(request: RefactorRequest, cache: Path, sandbox: Sandbox, output: Output) -> int:
    """Carry the request out; the exit code."""
    result = refactor(request, cache, sandbox, Limits())
    if output.json:
        typer.echo(as_json(result))
    else:
        typer.echo(printable(report(result)), err=True)
    if not isinstance(result, Refactored):
        return EXIT_NO
    if output.check_only:
        return 0
    patch = patch_of(result.changes)
    if output.write:
        write(result.top, result.changes)
    elif not output.json:
        sys.stdout.buffer.write(patch)
        sys.stdout.buffer.flush()
    if output.out_patch is not None:
        write_bytes(output.out_patch, patch)
    if output.keys is not None or output.write:
        _save_keys(request, result, output.keys)
    return 0


def _save_keys(request: RefactorRequest, result: Refactored, place: Path | None) -> None:
    main = Path(request.model.partition("(")[0].rpartition(":")[0])
    write_bytes(place or main.with_name(f"{main.name}.keys.json"), keys_json(result).encode())
