"""One module of a library, whole: where it is from, its contract, its documentation, its source."""

import json
from typing import Any

import typer

from archgraft.agent.errors import UsageError
from archgraft.agent.library_report import module_json
from archgraft.agent.printable import printable
from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.expressions import source_of
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule


def find_module(library: Library, start_of_id: str) -> LibraryModule:
    """The one module whose id starts so. Raises `UsageError`."""
    ids = [module_id for module_id in library.ids() if module_id.startswith(start_of_id)]
    if len(ids) == 1:
        return library.get(ids[0])
    problem = f"{len(ids)} modules have ids that start" if ids else "no module has an id that starts"
    listing = f"`archgraft library list --all --library {library.path}` lists them"
    raise UsageError(f"{problem} with {start_of_id!r} in {library.path}: {listing}")


def show_module(library: Library, start_of_id: str, *, as_json: bool) -> None:
    """Print the module. Raises `UsageError`."""
    module = find_module(library, start_of_id)
    stand = library.representatives()
    twins = [other for other in stand if stand[other] == stand[module.id] and other != module.id]
    if as_json:
        more = {"representative": stand[module.id], "near_duplicates": twins, "licences": _licence_ids(library, module)}
        typer.echo(json.dumps({**module_json(module, with_source=True), **more}, indent=2))
        return
    for line in [*_origin_lines(library, module), *_contract_lines(module), *_twin_lines(module.id, stand, twins)]:
        typer.echo(f"# {printable(line)}")
    if module.spec.documentation:
        typer.echo("# its authors' documentation, which nobody here has checked:")
        for line in module.spec.documentation.splitlines():
            typer.echo(f"#   | {printable(line)}")
    typer.echo(f"\n{printable(module.spec.source)}")


def _licence_ids(library: Library, module: LibraryModule) -> dict[str, str]:
    """The id of the licence text of each source, where it has one."""
    packages = sorted({(origin.source, origin.version) for origin in module.origins})
    found = {f"{source} {version}".strip(): library.licence_of(source, version) for source, version in packages}
    return {package: licence.id for package, licence in found.items() if licence is not None}


def _origin_lines(library: Library, module: LibraryModule) -> list[str]:
    texts = _licence_ids(library, module)
    lines = []
    for origin in module.origins:
        package = f"{origin.source} {origin.version}".strip()
        licence = f"licence {origin.licence}" + (f" (text {texts[package]})" if package in texts else "")
        lines.append(f"{origin.qualified_name}, {package}, {origin.path}:{origin.line}, {licence}")
    return lines


def _contract_lines(module: LibraryModule) -> list[str]:
    contract = module.contract
    claimed = [] if module.is_verified else ["UNVERIFIED: imported, and no probe has confirmed what is said here"]
    fields = [f"{name}: {getattr(contract, name)}" for name in Contract.__slots__ if name != "template"]
    arguments = ", ".join(f"{name}={_written(value)}" for name, value in contract.template)
    fixed = [f"simplified for {name}={value}" for name, value in module.spec.fixed]
    return [*claimed, *fields, *fixed, f"build it as {module.spec.class_name}({arguments})"]


def _twin_lines(module_id: str, stand: dict[str, str], twins: list[str]) -> list[str]:
    if not twins:
        return []
    role = "it stands for all" if stand[module_id] == module_id else f"{stand[module_id]} stands for all"
    return [f"near-duplicates: {', '.join(twins)}; {role}"]


def _written(value: Any) -> str:
    if not isinstance(value, Role):
        return source_of(value)
    factor = f" * {value.factor}" if value.factor > 1 else ""
    return value.role + factor + (f" // {value.divisor}" if value.divisor > 1 else "")
