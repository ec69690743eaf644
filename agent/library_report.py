"""What people see of a library: its modules, one module whole, and what was not taken."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archgraft.agent.errors import UsageError
from archgraft.tree_ops.contract import Contract, Family, Layout, Role
from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.library import Library, LibraryModule, Rejection

PIPE_WIDTH = 200

T = TypeVar("T")


def checked_family(name: str | None) -> Family | None:
    """The family of that name. Raises `UsageError`."""
    families: tuple[Family, ...] = get_args(Family)
    return None if name is None else _one_of("family", name, families)


def checked_layout(name: str | None) -> Layout | None:
    """The layout of that name. Raises `UsageError`."""
    layouts: tuple[Layout, ...] = get_args(Layout)
    return None if name is None else _one_of("layout", name, layouts)


def _one_of(what: str, name: str, known: Sequence[T]) -> T:
    for one in known:
        if one == name:
            return one
    raise UsageError(f"there is no {what} {name!r}: use one of {', '.join(map(str, known))}")


def show_modules(library: Library, modules: Sequence[LibraryModule], *, as_json: bool) -> None:
    """Print a line for each module, then counts by source."""
    if as_json:
        typer.echo(json.dumps([_module_json(module, with_source=False) for module in modules], indent=2))
        return
    rows = [
        (
            module.id,
            module.contract.family,
            module.contract.layout,
            "keeps width" if module.contract.width == "preserve" else "any width",
            _flags(module.contract),
            f"{module.contract.n_parameters:,}",
            str(module.spec.n_lines),
            module.spec.origin.qualified_name + (f" (+{len(module.origins) - 1})" if module.origins[1:] else ""),
        )
        for module in modules
    ]
    _print_table(("id", "family", "layout", "width", "flags", "parameters", "lines", "class"), rows, right=(5, 6))
    typer.echo(f"\n{len(modules):,} of {len(library):,} modules")
    for counts in library.counts():
        rejected = ", ".join(f"{kind} {n}" for kind, n in counts.by_rejection) or "none"
        name = f"{counts.source} {counts.version}".strip()
        typer.echo(f"{name}: {counts.n_classes} classes, {counts.n_modules} modules; not taken: {rejected}")


def show_rejections(rejections: Sequence[Rejection], *, as_json: bool) -> None:
    """Print a line for each class that was not taken."""
    if as_json:
        typer.echo(json.dumps([asdict(rejection) for rejection in rejections], indent=2))
        return
    _print_table(("kind", "class", "reason"), [(r.kind, r.qualified_name, r.reason) for r in rejections])
    typer.echo(f"\n{len(rejections):,} classes not taken")


def show_module(library: Library, start_of_id: str, *, as_json: bool) -> None:
    """Print one module: where it is from, its contract, its source. Raises `UsageError`."""
    module = _find(library, start_of_id)
    if as_json:
        typer.echo(json.dumps(_module_json(module, with_source=True), indent=2))
        return
    contract = module.contract
    for origin in module.origins:
        package = f"{origin.source} {origin.version}".strip()
        typer.echo(f"# {origin.qualified_name}, {package}, {origin.path}:{origin.line}, licence {origin.licence}")
    for name in Contract.__slots__:
        if name != "template":
            typer.echo(f"# {name}: {getattr(contract, name)}")
    arguments = ", ".join(f"{name}={_written(value)}" for name, value in contract.template)
    typer.echo(f"# build it as {module.spec.class_name}({arguments})\n")
    typer.echo(module.spec.source)


def _find(library: Library, start_of_id: str) -> LibraryModule:
    ids = [module_id for module_id in library.ids() if module_id.startswith(start_of_id)]
    if len(ids) == 1:
        return library.get(ids[0])
    problem = f"{len(ids)} modules have ids that start" if ids else "no module has an id that starts"
    raise UsageError(f"{problem} with {start_of_id!r} in {library.path}: `archgraft library {library.path}` lists them")


def _module_json(module: LibraryModule, *, with_source: bool) -> dict[str, Any]:
    spec = {name: value for name, value in asdict(module.spec).items() if name != "origin"}
    if not with_source:
        del spec["source"]
    origins = [asdict(origin) for origin in module.origins]
    return {**spec, "contract": contract_to_json(module.contract), "origins": origins}


def _flags(contract: Contract) -> str:
    flags = {
        "causal": contract.causal,
        "in-place": contract.mutates_input,
        f"stride {contract.spatial_stride}": contract.spatial_stride > 1,
        f"width x{contract.width_multiple}": contract.width_multiple > 1,
        f"positions x{contract.position_multiple}": contract.position_multiple > 1,
    }
    return ", ".join(name for name, holds in flags.items() if holds)


def _written(value: Any) -> str:
    if not isinstance(value, Role):
        return repr(value)
    factor = f" * {value.factor}" if value.factor > 1 else ""
    return value.role + factor + (f" // {value.divisor}" if value.divisor > 1 else "")


def _print_table(names: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    table = Table(box=None, pad_edge=False)
    for position, name in enumerate(names):
        table.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=PIPE_WIDTH)
    console.print(table)
