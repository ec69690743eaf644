"""What people see of a library: lists of its modules, what was not taken, and counts."""

import difflib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archgraft.agent.errors import UsageError
from archgraft.agent.printable import printable
from archgraft.tree_ops.contract import Contract, Family, Kind, Layout
from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule, Rejection

PIPE_WIDTH = 200
_WIDTH_RULES = {"preserve": "keeps width", "project": "any width", "scale": "scales width"}

T = TypeVar("T")


def checked_family(name: str | None) -> Family | None:
    """The family of that name. Raises `UsageError`."""
    families: tuple[Family, ...] = get_args(Family)
    return None if name is None else _one_of("family", name, families)


def checked_layout(name: str | None) -> Layout | None:
    """The layout of that name. Raises `UsageError`."""
    layouts: tuple[Layout, ...] = get_args(Layout)
    return None if name is None else _one_of("layout", name, layouts)


def checked_kind(name: str | None) -> Kind | None:
    """The kind of that name. Raises `UsageError`."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    return None if name is None else _one_of("kind", name, kinds)


def checked_source(library: Library, name: str | None) -> str | None:
    """The source of that name, if anything was mined from it. Raises `UsageError`, with what is spelt alike."""
    known = library.sources()
    if name is None or name in known:
        return name
    held = f"{library.path} holds {', '.join(map(printable, known)) or 'nothing yet'}"
    close = difflib.get_close_matches(name, known, n=1)
    raise UsageError(f"nothing was mined from {name!r}: " + (f"did you mean {close[0]!r}? " if close else "") + held)


def _one_of(what: str, name: str, known: Sequence[T]) -> T:
    for one in known:
        if one == name:
            return one
    raise UsageError(f"there is no {what} {name!r}: use one of {', '.join(map(str, known))}")


def show_modules(library: Library, modules: Sequence[LibraryModule], *, as_json: bool) -> None:
    """Print a line for each module, and how many there are."""
    if as_json:
        typer.echo(json.dumps([module_json(module, with_source=False) for module in modules], indent=2))
        return
    offered = library.offered()
    rows = [
        (
            module.id,
            module.contract.family,
            module.contract.kind,
            module.contract.layout,
            _WIDTH_RULES[module.contract.width],
            _flags(module),
            f"{module.contract.n_parameters:,}",
            str(module.spec.n_lines),
            named(module),
        )
        for module in modules
    ]
    names = ("id", "family", "kind", "layout", "width", "flags", "parameters", "lines", "class")
    print_table(names, rows, right=(6, 7))
    typer.echo(f"\n{len(modules):,} of {len(library):,} modules; {len(offered):,} are offered for grafting")


def named(module: LibraryModule) -> str:
    """The module's full name, and how many more places it was found in."""
    name = printable(module.spec.origin.qualified_name)
    return name + (f" (+{len(module.origins) - 1})" if module.origins[1:] else "")


def show_rejections(rejections: Sequence[Rejection], *, as_json: bool) -> None:
    """Print a line for each class that was not taken."""
    if as_json:
        typer.echo(json.dumps([asdict(rejection) for rejection in rejections], indent=2))
        return
    rows = [(r.kind, printable(r.qualified_name), printable(r.reason)) for r in rejections]
    print_table(("kind", "class", "reason"), rows)
    typer.echo(f"\n{len(rejections):,} classes not taken")


def show_stats(library: Library, *, as_json: bool) -> None:
    """Print counts: by source, by family, and of near-duplicates."""
    figures = _stats(library)
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    rows = [
        (
            printable(f"{source['source']} {source['version']}".strip()),
            str(source["n_classes"]),
            str(source["n_modules"]),
            _listed(source["by_family"]),
            _listed(source["by_rejection"]),
        )
        for source in figures["sources"]
    ]
    print_table(("source", "classes", "modules", "by family", "not taken"), rows, right=(1, 2))
    typer.echo(
        f"\n{figures['n_modules']:,} modules in {figures['n_groups']:,} groups of near-duplicates; "
        f"{figures['n_offered']:,} offered for grafting: {_listed(figures['offered_by_family'])}"
    )
    if figures["cap"] is not None:
        typer.echo(f"at most {figures['cap']} of each source are offered")
    if figures["n_unverified"]:
        typer.echo(f"{figures['n_unverified']} were imported and not probed: they are not offered")


def _stats(library: Library) -> dict[str, Any]:
    stand = library.representatives()
    offered = library.modules()
    return {
        "n_modules": len(stand),
        "n_groups": len(set(stand.values())),
        "n_offered": len(offered),
        "n_unverified": sum(not library.is_verified(module_id) for module_id in stand),
        "cap": library.cap,
        "offered_by_family": dict(sorted(Counter(module.contract.family for module in offered).items())),
        "sources": [
            {**asdict(counts), "by_family": dict(counts.by_family), "by_rejection": dict(counts.by_rejection)}
            for counts in library.counts()
        ],
    }


def module_json(module: LibraryModule, *, with_source: bool) -> dict[str, Any]:
    """A module as plain data. The documentation is other people's text, to be treated as such."""
    spec = {name: value for name, value in asdict(module.spec).items() if name not in ("origin", "documentation")}
    spec["untrusted_documentation"] = module.spec.documentation
    if not with_source:
        del spec["source"], spec["untrusted_documentation"]
    origins = [asdict(origin) for origin in module.origins]
    contract = contract_to_json(module.contract)
    return {**spec, "is_verified": module.is_verified, "contract": contract, "origins": origins}


def _flags(module: LibraryModule) -> str:
    contract: Contract = module.contract
    flags = {
        "unverified": not module.is_verified,
        "causal": contract.causal,
        "in-place": contract.mutates_input,
        f"stride {contract.spatial_stride}": contract.spatial_stride > 1,
        f"width x{contract.width_multiple}": contract.width_multiple > 1,
        f"positions x{contract.position_multiple}": contract.position_multiple > 1,
        f"positions from {contract.min_positions}": contract.min_positions > contract.position_multiple,
        "square": contract.square,
        "built for the host's positions": contract.is_sized,
    }
    return ", ".join(name for name, holds in flags.items() if holds)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: -item[1])) or "none"


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a table; in a pipe it is wide."""
    table = Table(box=None, pad_edge=False)
    for position, name in enumerate(names):
        table.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=PIPE_WIDTH)
    console.print(table)
