"""The library: mined modules with their contracts, in one SQLite file.

Modules are content-addressed: equal code has one entry, however often it was mined, and every place where it was found
is kept. What was mined in vain is kept too, with its reason. Nothing in it depends on when it was mined.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.contract_json import contract_from_json
from archgraft.tree_ops.duplicates import Member, representatives
from archgraft.tree_ops.fair_share import within_cap
from archgraft.tree_ops.library_file import LibraryFile
from archgraft.tree_ops.library_records import Absorbed, LibraryModule, Licence, ModuleFilter, Rejection, SourceCounts
from archgraft.tree_ops.library_rows import COLUMNS, INSERTION, MEMBERS, member_of, module_of, row_of
from archgraft.tree_ops.library_writes import add_new_origin, add_origin, forget, replace_contract
from archgraft.tree_ops.spec import ModuleSpec, Origin
from archgraft.tree_ops.structure import Signature

_ANY = ModuleFilter()


class Library:
    """An open library file. Use it in a `with` block; each method that writes is one transaction.

    `create=True` opens it to be written, and makes the file when there is none; one that another process writes is
    waited for `busy_seconds`.
    Raises `LibraryError` when the file is no library, was made by a newer archgraft, or can't be read or (on writing)
    be written.
    """

    def __init__(self, path: Path, *, create: bool = False, busy_seconds: float = 30.0) -> None:
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

    def add(self, spec: ModuleSpec, contract: Contract, *, is_verified: bool = True) -> None:
        """Store a module, or one more origin of a module that is already there.

        What a probe has verified replaces what was only claimed (not `is_verified`), and nothing else.
        """
        row = row_of(spec, contract, is_verified=is_verified)
        with self._file.transaction() as connection:
            forget(connection, spec.origin, but_keep="" if is_verified else spec.id)
            insertion = f"{INSERTION} on conflict (id) do nothing"
            if not connection.execute(insertion, row).rowcount and is_verified:
                replace_contract(connection, row, "and not is_verified")
            add_origin(connection, spec.id, spec.origin)

    def add_origin(self, module_id: str, origin: Origin) -> None:
        """Note one more place where a stored module was found. Raises `KeyError` when there is no such module."""
        with self._file.transaction() as connection:
            if connection.execute("select 1 from modules where id = ?", (module_id,)).fetchone() is None:
                raise KeyError(module_id)
            forget(connection, origin, but_keep=module_id)
            add_origin(connection, module_id, origin)

    def absorb(self, module: LibraryModule) -> Absorbed:
        """Take in a module from another library with all its origins; nothing that is known here is displaced.

        Of two contracts for the same code the verified one stays, of two verified or two claimed ones this library's.
        """
        row = row_of(module.spec, module.contract, is_verified=module.is_verified)
        with self._file.transaction() as connection:
            query = "select contract, is_verified from modules where id = ?"
            known = connection.execute(query, (module.id,)).fetchone()
            n_origins = sum(add_new_origin(connection, module.id, origin) for origin in module.origins)
            if known is None:
                if n_origins:
                    connection.execute(INSERTION, row)
                return "added" if n_origins else "taken"
            if module.is_verified and not known[1]:
                replace_contract(connection, row)
                return "verified"
            return "known" if contract_from_json(json.loads(known[0])) == module.contract else "conflict"

    def absorb_rejection(self, rejection: Rejection) -> bool:
        """Note a class that was mined in vain elsewhere, unless this library knows better; whether it is new."""
        key = (rejection.source, rejection.version, rejection.qualified_name)
        place = "source = ? and version = ? and qualified_name = ?"
        with self._file.transaction() as connection:
            if connection.execute(f"select 1 from origins where {place}", key).fetchone():
                return False
            values = (*key, rejection.kind, rejection.reason)
            done = connection.execute("insert into rejections values (?, ?, ?, ?, ?) on conflict do nothing", values)
            return done.rowcount > 0

    def add_licence(self, source: str, version: str, text: str) -> None:
        """Note the licence text of a source; equal texts are stored once. An empty text is none."""
        if not text.strip():
            return
        licence_id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        with self._file.transaction() as connection:
            connection.execute("insert into licences values (?, ?) on conflict do nothing", (licence_id, text))
            connection.execute(
                "insert or replace into licence_of_source values (?, ?, ?)", (source, version, licence_id)
            )

    def set_cap(self, cap: int | None) -> None:
        """How many modules of each source are offered from now on; None for all. What is stored stays stored."""
        with self._file.transaction() as connection:
            connection.execute("delete from settings where name = 'cap'")
            if cap is not None:
                connection.execute("insert into settings values ('cap', ?)", (str(cap),))

    def add_rejection(self, origin: Origin, kind: str, reason: str) -> None:
        """Note that a class was mined in vain."""
        with self._file.transaction() as connection:
            forget(connection, origin)
            key = (origin.source, origin.version, origin.qualified_name)
            connection.execute("insert into rejections values (?, ?, ?, ?, ?)", (*key, kind, reason))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Around several writes: they are stored together or not at all, and sooner. Other writers wait for the end."""
        with self._file.transaction():
            yield

    def __contains__(self, module_id: object) -> bool:
        return bool(self._file.rows("select 1 from modules where id = ?", (module_id,)))

    def __len__(self) -> int:
        return int(self._file.rows("select count(*) from modules")[0][0])

    def ids(self) -> tuple[str, ...]:
        """All modules' ids, in order."""
        return tuple(row[0] for row in self._file.rows("select id from modules order by id"))

    def get(self, module_id: str) -> LibraryModule:
        """The module with this id. Raises `KeyError`."""
        for row in self._file.rows(f"select {COLUMNS} from modules where id = ?", (module_id,)):
            return self._module(row)
        raise KeyError(module_id)

    def modules(self, where: ModuleFilter = _ANY, *, everything: bool = False) -> tuple[LibraryModule, ...]:
        """The modules that pass the filter, by id.

        Those that are offered for grafting, that is: verified ones, of near-duplicates the one that stands for all,
        and of each source no more than the library's cap. With `everything`, the others too.
        """
        condition, values = where.condition()
        rows = self._file.rows(f"select {COLUMNS} from modules where {condition} order by id", values)
        offered = None if everything else self.offered()
        return tuple(self._module(row) for row in rows if offered is None or row[0] in offered)

    def offered(self) -> frozenset[str]:
        """The ids of the modules that a search may graft."""
        members = self._members()
        stand = representatives(members)
        able = [member for member in members if stand[member.id] == member.id and member.is_verified]
        cap = self.cap
        if cap is None:
            return frozenset(member.id for member in able)
        families = dict(self._file.rows("select id, family from modules"))
        return within_cap(((member.id, member.first_origin[0], families[member.id]) for member in able), cap)

    def representatives(self) -> dict[str, str]:
        """For each module's id, the id of the near-duplicate that stands for it, often itself."""
        return representatives(self._members())

    @property
    def cap(self) -> int | None:
        """How many modules of each source are offered; None for all."""
        rows = self._file.rows("select value from settings where name = 'cap'")
        return int(rows[0][0]) if rows else None

    def is_verified(self, module_id: str) -> bool:
        """Whether the module is there, and a probe has confirmed its contract."""
        return bool(self._file.rows("select 1 from modules where id = ? and is_verified", (module_id,)))

    def signatures(self) -> dict[str, Signature]:
        """What each module is built of, by id."""
        rows = self._file.rows("select id, structure from modules order by id")
        return {module_id: Signature.from_bytes(structure) for module_id, structure in rows}

    def licence_of(self, source: str, version: str) -> Licence | None:
        """The licence text of a source, where it had one."""
        query = """
            select id, text from licences join licence_of_source on id = licence_id where source = ? and version = ?
        """
        rows = self._file.rows(query, (source, version))
        return Licence(*rows[0]) if rows else None

    def sources(self) -> tuple[str, ...]:
        """The names of all sources that anything was mined from."""
        rows = self._file.rows("select source from origins union select source from rejections order by 1")
        return tuple(row[0] for row in rows)

    def rejections(self, *, source: str | None = None, text: str | None = None) -> tuple[Rejection, ...]:
        """What was mined in vain, by source and name. `text` is looked for in names and reasons, ignoring case."""
        query = """
            select * from rejections where (:source is null or source = :source) and (:text is null
                or instr(lower(qualified_name), lower(:text)) or instr(lower(reason), lower(:text)))
            order by source, version, qualified_name
        """
        return tuple(Rejection(*row) for row in self._file.rows(query, {"source": source, "text": text}))

    def known_names(self, source: str, version: str, retried: str = "") -> frozenset[str]:
        """Qualified names of all classes of a source that were mined before, in vain (but for one kind) or not."""
        query = """
            select qualified_name from origins where source = :source and version = :version union
            select qualified_name from rejections
            where source = :source and version = :version and kind != :retried
        """
        values = {"source": source, "version": version, "retried": retried}
        return frozenset(row[0] for row in self._file.rows(query, values))

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
        return module_of(row, tuple(self._origins(row[0])))

    def _members(self) -> list[Member]:
        return [member_of(row) for row in self._file.rows(MEMBERS)]

    def _origins(self, module_id: str) -> Iterator[Origin]:
        query = """
            select source, version, path, line, qualified_name, licence from origins where module_id = ?
            order by source, version, qualified_name
        """
        return (Origin(*row) for row in self._file.rows(query, (module_id,)))
