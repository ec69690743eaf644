"""Checking a library against the packages that it was mined from: does every module still do what its original does?"""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from archgraft.agent.printable import printable
from archgraft.evaluator.equality import Tried, compare_with_originals
from archgraft.evaluator.trying import try_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.library_records import LibraryModule

_NOT_INSTALLED = "the original can't be imported: ModuleNotFoundError"


@dataclass(frozen=True, slots=True)
class Checked:
    """A module, the class that it was compared with, and what came of it."""

    id: str
    qualified_name: str
    kind: str
    reason: str


def check(
    modules: Sequence[LibraryModule], sandbox: Sandbox, folders: Sequence[Path], *, seed: int = 0, n_workers: int = 2
) -> list[Checked]:
    """Compare modules with their originals, imported in the sandbox from `folders` or as installed.

    Raises `SandboxError` only.
    """
    with ThreadPoolExecutor(n_workers, "try") as pool:
        trials = list(pool.map(lambda module: try_module(sandbox, module.spec, seed=seed), modules))
    tried = [Tried(module.spec, trial) for module, trial in zip(modules, trials)]
    compared = compare_with_originals(sandbox, tried, folders, seed=seed, n_workers=n_workers)
    return [
        Checked(module.id, module.spec.origin.qualified_name, **asdict(equality))
        for module, equality in zip(modules, compared)
    ]


def show(checked: Sequence[Checked], *, as_json: bool) -> None:
    """Print what differs and what can't be compared, then the counts."""
    counts = Counter(one.kind for one in checked)
    if as_json:
        typer.echo(json.dumps({"counts": dict(counts), "modules": [asdict(one) for one in checked]}, indent=2))
        return
    for one in checked:
        if one.kind != "equal":
            what = one.kind.replace("_", " ")
            typer.echo(f"{what}: {one.id} {printable(one.qualified_name)}: {printable(one.reason)}")
    typer.echo(
        f"{counts['equal']:,} of {len(checked):,} modules do what their originals do, {counts['differs']:,} differ, "
        f"{counts['not_comparable']:,} can't be compared"
    )
    if any(_NOT_INSTALLED in one.reason for one in checked):
        typer.echo("install what can't be imported, or name a folder made by `pip install --target` with --originals")
