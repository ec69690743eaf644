"""One line of an exported library as data that nobody vouches for: checked field by field, never executed."""

import ast
import keyword
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from archgraft.tree_ops.contract_json import contract_from_json
from archgraft.tree_ops.library_records import LibraryModule, LicenceOfSource
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter, ParameterKind
from archgraft.tree_ops.spec_builder import source_id
from archgraft.tree_ops.syntax import literal, parse

_Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Text = Annotated[str, StringConstraints(max_length=1000)]


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Origin(_Checked):
    source: _Name
    version: _Text
    path: _Name
    line: int = Field(ge=0, le=10**8)
    qualified_name: _Name
    licence: _Name


class _Parameter(_Checked):
    name: _Name
    kind: ParameterKind
    annotation: _Text | None
    default: _Text | None


class _Module(_Checked):
    id: _Name
    class_name: _Name
    source: Annotated[str, StringConstraints(max_length=500_000)]
    documentation: Annotated[str, StringConstraints(max_length=500_000)]
    parameters: list[_Parameter] = Field(max_length=500)
    fixed: list[list[_Text]] = Field(max_length=500)
    requires: list[Literal["torch", "numpy"]] = Field(max_length=2)
    contract: dict[str, Any]
    origins: list[_Origin] = Field(min_length=1, max_length=10_000)


class _Licence(_Checked):
    source: _Name
    version: _Text
    id: _Name
    text: Annotated[str, StringConstraints(max_length=1_000_000)]


class _Line(_Checked):
    module: _Module | None = None
    licence: _Licence | None = None


def record_of(data: Any) -> LibraryModule | LicenceOfSource:
    """The record that a line holds; contracts are claims. Raises `ValueError`, which says what is wrong."""
    try:
        line = _Line.model_validate(data)
    except ValidationError as error:
        raise ValueError(_first_of(error)) from None
    if line.module is not None and line.licence is None:
        return _module(line.module)
    if line.licence is not None and line.module is None:
        _check_printable(line.licence.source, line.licence.version)
        return LicenceOfSource(line.licence.source, line.licence.version, line.licence.text)
    raise ValueError("a line holds one module or one licence")


def _first_of(error: ValidationError, *place: str) -> str:
    """What is wrong first, and in which field."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, (*place, *first["loc"])))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _module(found: _Module) -> LibraryModule:
    for origin in found.origins:
        _check_printable(origin.source, origin.version, origin.path, origin.qualified_name, origin.licence)
    for name in (found.class_name, *(parameter.name for parameter in found.parameters)):
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"{name!r} is no name in Python")
    _check_source(found)
    origins = tuple(sorted((Origin(**origin.model_dump()) for origin in found.origins), key=_origin_order))
    spec = ModuleSpec(
        id=found.id,
        class_name=found.class_name,
        source=found.source,
        parameters=tuple(Parameter(**parameter.model_dump()) for parameter in found.parameters),
        requires=tuple(found.requires),
        origin=origins[0],
        n_lines=found.source.count("\n"),
        documentation=found.documentation,
        fixed=tuple(_fixed(pair) for pair in found.fixed),
    )
    try:
        return LibraryModule(spec, contract_from_json(found.contract), origins, is_verified=False)
    except ValidationError as error:
        raise ValueError(_first_of(error, "contract")) from None
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"the contract is none: {error}") from None


def _check_source(found: _Module) -> None:
    """The source is Python, bears the id it claims, defines its class, and imports no more than it says."""
    try:
        tree = parse(found.source)
        computed = source_id(found.source, found.class_name)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"the source of {found.class_name} is not Python: {error}") from None
    if computed != found.id:
        raise ValueError(f"the source of {found.class_name} has id {computed}, not {found.id}")
    if not any(isinstance(node, ast.ClassDef) and node.name == found.class_name for node in ast.walk(tree)):
        raise ValueError(f"the source defines no class {found.class_name}")
    packages = {name if name.startswith(".") else name.partition(".")[0] for name in _imported(tree)}
    foreign = packages - sys.stdlib_module_names - set(found.requires)
    if foreign:
        raise ValueError(f"the source of {found.class_name} imports {', '.join(sorted(foreign))}")


def _imported(node: ast.AST) -> Iterator[str]:
    """Modules that are imported for certain; what stands in a `try` may be missing."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield "." * child.level + (child.module or "")
        elif not isinstance(child, ast.Try):
            yield from _imported(child)


def _fixed(pair: list[str]) -> tuple[str, str]:
    if len(pair) != 2 or not pair[0].isidentifier():
        raise ValueError("a fixed argument is a name and a literal or dotted name")
    if all(part.isidentifier() for part in pair[1].split(".")):
        return pair[0], pair[1]
    try:
        literal(pair[1])
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"the fixed argument {pair[0]} is no literal: {error}") from None
    return pair[0], pair[1]


def _check_printable(*texts: str) -> None:
    """Origins end up in comments of exported models: a line break in one would be code."""
    for text in texts:
        if not text.isprintable():
            raise ValueError(f"{text[:60]!r} holds characters that can't be printed")


def _origin_order(origin: Origin) -> tuple[str, str, str]:
    return origin.source, origin.version, origin.qualified_name
