"""A library as one portable text file: JSON lines, the same bytes for the same content, read as hostile data.

The first line names the format; then come licences, then modules, each sorted by id. Reading executes nothing: every
field is checked, identities are computed anew from the sources, and whatever does not fit is refused with its line.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule, LicenceOfSource, ModuleFilter

FORMAT = 1
MAX_LINE_BYTES = 4 * 2**20
MAX_FILE_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken, and why."""

    line: int
    reason: str


Record = LibraryModule | LicenceOfSource | Refused


def bundle_lines(library: Library, where: ModuleFilter) -> Iterator[str]:
    """The lines of a bundle with all modules that pass the filter, near-duplicates included."""
    modules = library.modules(where, everything=True)
    yield _line({"archgraft_library": FORMAT, "n_modules": len(modules)})
    packages = sorted({(origin.source, origin.version) for module in modules for origin in module.origins})
    for source, version in packages:
        licence = library.licence_of(source, version)
        if licence is not None:
            yield _line({"licence": {"source": source, "version": version, "id": licence.id, "text": licence.text}})
    for module in modules:
        yield _line({"module": _fields(module)})


def write_bundle(library: Library, where: ModuleFilter, path: Path) -> int:
    """Write a bundle, whole or not at all; the number of modules in it. Raises `LibraryError`."""
    scratch = path.with_name(f"{path.name}.part")
    n_modules = 0
    try:
        with scratch.open("w", encoding="ascii", newline="\n") as file:
            for line in bundle_lines(library, where):
                n_modules += line.startswith('{"module"')
                file.write(line)
        scratch.replace(path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise LibraryError(f"{path} can't be written: {error.strerror or error}") from error
    return n_modules


def read_bundle(path: Path) -> Iterator[Record]:
    """What a bundle holds, line by line. Raises `LibraryError` for a file that is no bundle at all."""
    from archgraft.tree_ops.bundle_records import record_of  # pydantic, only when needed

    n_modules = n_announced = 0
    for number, line in enumerate(_raw_lines(path), 1):
        try:
            data = _parsed(line)
            if number == 1:
                n_announced = _announced(path, data)
                continue
            record = record_of(data)
        except LibraryError:
            raise
        except ValueError as error:
            if number == 1:
                raise LibraryError(f"{path} is no exported library: {error}") from None
            yield Refused(number, " ".join(str(error).split())[:300])
            continue
        n_modules += isinstance(record, LibraryModule)
        yield record
    if n_announced > n_modules:
        yield Refused(0, f"the file announces {n_announced} modules, and {n_modules} were readable")


def check_bundle(path: Path) -> None:
    """Raises `LibraryError` for a file that is no bundle at all."""
    next(read_bundle(path), None)


def _announced(path: Path, header: Any) -> int:
    """The number of modules that the first line promises."""
    if not isinstance(header, dict) or not isinstance(header.get("archgraft_library"), int):
        raise ValueError("its first line names no format")
    if header["archgraft_library"] > FORMAT:
        raise LibraryError(
            f"{path} was exported by a newer archgraft (format {header['archgraft_library']}, this one reads up to "
            f"{FORMAT}): upgrade archgraft"
        )
    n_modules = header.get("n_modules")
    return n_modules if isinstance(n_modules, int) else 0


def _raw_lines(path: Path) -> Iterator[bytes]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LibraryError(f"{path} is larger than {MAX_FILE_BYTES / 2**30:.0f} GiB: no exported library is")
        with path.open("rb") as file:
            first = file.readline(MAX_LINE_BYTES + 1)
            if not first:
                raise LibraryError(f"{path} is empty: no exported library")
            yield first
            while line := file.readline(MAX_LINE_BYTES + 1):
                yield line
    except OSError as error:
        raise LibraryError(f"{path} can't be read: {error.strerror or error}") from error


def _parsed(line: bytes) -> Any:
    """One line's JSON. Raises `ValueError`."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a line is longer than {MAX_LINE_BYTES / 2**20:.0f} MiB")
    try:
        return json.loads(line.decode("ascii"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it holds bytes that are not ASCII") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _fields(module: LibraryModule) -> dict[str, Any]:
    spec = module.spec
    return {
        "id": spec.id,
        "class_name": spec.class_name,
        "source": spec.source,
        "documentation": spec.documentation,
        "parameters": [asdict(parameter) for parameter in spec.parameters],
        "fixed": [list(pair) for pair in spec.fixed],
        "requires": list(spec.requires),
        "contract": contract_to_json(module.contract),
        "origins": [asdict(origin) for origin in module.origins],
    }


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"
