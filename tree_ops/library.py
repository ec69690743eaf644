"""The library: mined modules with their contracts, in one SQLite file.

Modules are content-addressed: equal code has one entry, however often it was mined, and every place where it was found
is kept. What was mined in vain is kept too, with its reason. Nothing in it depends on when it was mined.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archgraft.tree_ops.contract import Contract, Family, Layout
from archgraft.tree_ops.contract_json import contract_from_json, contract_to_json
from archgraft.tree_ops.library_file import LibraryFile
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter


@dataclass(frozen=True, slots=True)
class LibraryModule:
    """A mined module with its contract. `origins` are all places where its code was found; the spec has the first."""

    spec: ModuleSpec
    contract: Contract
    origins: tuple[Origin, ...]

    @property
    def id(self) -> str:
        """The spec's."""
        return self.spec.id


@dataclass(frozen=True, slots=True)
class Rejection:
    """A class that was mined in vain: in which step (`kind`), and why."""

    source: str
    version: str
    qualified_name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What a library holds of one source."""

    source: str
    version: str
    n_classes: int
    n_modules: int
    by_family: tuple[tuple[str, int], ...]
    by_rejection: tuple[tuple[str, int], ...]


class Library:
    """An open library file. Use it in a `with` block; each method that writes is one transaction.

    `create=True` makes the file when there is none; one that another process writes is waited for `busy_seconds`.
    Raises `LibraryError` when the file is no library, was made by a newer archgraft, or can't be read or (on writing)
    be written.
    """

    def __init__(self, path: Path, *, create: bool = False, busy_seconds: float = 5.0) -> None:
        self.path = path
        self._file = LibraryFile(path, create=create, busy_seconds=busy_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the file. Safe to call twice."""
        self._file.close()

    def add(self, spec: ModuleSpec, contract: Contract) -> None:
        """Store a module, or one more origin of a module that is already there."""
        row = (
            spec.id,
            spec.class_name,
            spec.source,
            _dump([asdict(parameter) for parameter in spec.parameters]),
            _dump(list(spec.requires)),
            spec.n_lines,
            _dump(contract_to_json(contract)),
            contract.family,
            contract.layout,
        )
        with self._file.transaction() as connection:
            _forget(connection, spec.origin)
            connection.execute(f"insert into modules values ({_marks(row)}) on conflict (id) do nothing", row)
            _add_origin(connection, spec.id, spec.origin)

    def add_origin(self, module_id: str, origin: Origin) -> None:
        """Note one more place where a stored module was found. Raises `KeyError` when there is no such module."""
        if module_id not in self:
            raise KeyError(module_id)
        with self._file.transaction() as connection:
            _forget(connection, origin)
            _add_origin(connection, module_id, origin)

    def add_rejection(self, origin: Origin, kind: str, reason: str) -> None:
        """Note that a class was mined in vain."""
        with self._file.transaction() as connection:
            _forget(connection, origin)
            key = (origin.source, origin.version, origin.qualified_name)
            connection.execute("insert into rejections values (?, ?, ?, ?, ?)", (*key, kind, reason))

    def __contains__(self, module_id: object) -> bool:
        return bool(self._file.rows("select 1 from modules where id = ?", (module_id,)))

    def __len__(self) -> int:
        return int(self._file.rows("select count(*) from modules")[0][0])

    def ids(self) -> tuple[str, ...]:
        """All modules' ids, in order."""
        return tuple(row[0] for row in self._file.rows("select id from modules order by id"))

    def get(self, module_id: str) -> LibraryModule:
        """The module with this id. Raises `KeyError`."""
        for row in self._file.rows("select * from modules where id = ?", (module_id,)):
            return self._module(row)
        raise KeyError(module_id)

    def modules(
        self,
        *,
        family: Family | None = None,
        layout: Layout | None = None,
        source: str | None = None,
        text: str | None = None,
    ) -> tuple[LibraryModule, ...]:
        """The modules that pass all filters, by id. `text` is looked for in names and source, ignoring case."""
        query = """
            select * from modules where (:family is null or family = :family) and (:layout is null or layout = :layout)
            and (:source is null or exists (select 1 from origins where module_id = modules.id and source = :source))
            and (:text is null or instr(lower(modules.source), lower(:text)) or exists (
                select 1 from origins where module_id = modules.id and instr(lower(qualified_name), lower(:text))))
            order by id
        """
        rows = self._file.rows(query, {"family": family, "layout": layout, "source": source, "text": text})
        return tuple(self._module(row) for row in rows)

    def rejections(self, *, source: str | None = None, text: str | None = None) -> tuple[Rejection, ...]:
        """What was mined in vain, by source and name. `text` is looked for in names and reasons, ignoring case."""
        query = """
            select * from rejections where (:source is null or source = :source) and (:text is null
                or instr(lower(qualified_name), lower(:text)) or instr(lower(reason), lower(:text)))
            order by source, version, qualified_name
        """
        return tuple(Rejection(*row) for row in self._file.rows(query, {"source": source, "text": text}))

    def known_names(self, source: str, version: str) -> frozenset[str]:
        """Qualified names of all classes of a source that were mined before, in vain or not."""
        query = """
            select qualified_name from origins where source = :source and version = :version union
            select qualified_name from rejections where source = :source and version = :version
        """
        return frozenset(row[0] for row in self._file.rows(query, {"source": source, "version": version}))

    def counts(self) -> tuple[SourceCounts, ...]:
        """What the library holds of each source; a module found in two sources counts in both."""
        sources = self._file.rows("select source, version from origins union select source, version from rejections")
        return tuple(self._counts_of(source, version) for source, version in sources)

    def _counts_of(self, source: str, version: str) -> SourceCounts:
        where = "where o.source = ? and o.version = ?"
        families = self._file.rows(
            "select family, count(distinct m.id) from modules m join origins o on o.module_id = m.id "
            f"{where} group by 1",
            (source, version),
        )
        kinds = self._file.rows(f"select kind, count(*) from rejections o {where} group by 1", (source, version))
        n_found = self._file.rows(f"select count(*) from origins o {where}", (source, version))[0][0]
        n_classes = n_found + sum(n for _, n in kinds)
        n_modules = sum(n for _, n in families)
        return SourceCounts(source, version, n_classes, n_modules, tuple(families), tuple(kinds))

    def _module(self, row: Sequence[Any]) -> LibraryModule:
        module_id, class_name, source, parameters, requires, n_lines, contract, *_ = row
        origins = tuple(self._origins(module_id))
        spec = ModuleSpec(
            id=module_id,
            class_name=class_name,
            source=source,
            parameters=tuple(Parameter(**fields) for fields in json.loads(parameters)),
            requires=tuple(json.loads(requires)),
            origin=origins[0],
            n_lines=n_lines,
        )
        return LibraryModule(spec, contract_from_json(json.loads(contract)), origins)

    def _origins(self, module_id: str) -> Iterator[Origin]:
        query = """
            select source, version, path, line, qualified_name, licence from origins where module_id = ?
            order by source, version, qualified_name
        """
        return (Origin(*row) for row in self._file.rows(query, (module_id,)))


def _add_origin(connection: sqlite3.Connection, module_id: str, origin: Origin) -> None:
    columns = "(source, version, path, line, qualified_name, licence, module_id)"
    row = (*astuple(origin), module_id)
    connection.execute(f"insert into origins {columns} values ({_marks(row)})", row)


def _forget(connection: sqlite3.Connection, origin: Origin) -> None:
    """A class that is mined again replaces what was known of it; code that is found nowhere any more goes."""
    key = (origin.source, origin.version, origin.qualified_name)
    where = "where source = ? and version = ? and qualified_name = ?"
    connection.execute(f"delete from rejections {where}", key)
    for (module_id,) in connection.execute(f"delete from origins {where} returning module_id", key).fetchall():
        connection.execute(
            "delete from modules where id = ? and not exists (select 1 from origins where module_id = id)", (module_id,)
        )


def _marks(row: Sequence[Any]) -> str:
    return ", ".join("?" * len(row))


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)
