"""The SQLite file under a library: who made it, in which schema, and transactions with errors that a user can mend."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archgraft.tree_ops.errors import LibraryError

SCHEMA_VERSION = 1
APPLICATION_ID = 0x61726367
"""`arcg`: tells a library from any other SQLite file."""

_SCHEMA = """
create table modules (
    id text primary key, class_name text not null, source text not null, parameters text not null,
    requires text not null, n_lines integer not null, contract text not null, family text not null, layout text not null
) without rowid;
create table origins (
    source text not null, version text not null, qualified_name text not null, path text not null,
    line integer not null, licence text not null, module_id text not null references modules (id),
    primary key (source, version, qualified_name)
) without rowid;
create index origins_by_module on origins (module_id);
create table rejections (
    source text not null, version text not null, qualified_name text not null, kind text not null, reason text not null,
    primary key (source, version, qualified_name)
) without rowid;
"""


class LibraryFile:
    """An open library file, checked; a new one is filled with the schema. Raises `LibraryError`, as all methods do."""

    def __init__(self, path: Path, *, create: bool, busy_seconds: float) -> None:
        self.path = path
        if not create and not path.is_file():
            raise LibraryError(f"there is no library at {path}: make one with `archgraft mine SOURCE --library {path}`")
        with self._mendable():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, isolation_level=None, timeout=busy_seconds, check_same_thread=False
            )
        try:
            self._prepare(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Free the file. Safe to call twice."""
        self._connection.close()

    def rows(self, query: str, values: Any = ()) -> list[Any]:
        """All rows of a query."""
        with self._mendable():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with self._mendable():
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def _prepare(self, *, create: bool) -> None:
        """Check that the file is a library of ours that this version reads; fill a new one if it is to be created."""
        with self._mendable():
            application_id = self._connection.execute("pragma application_id").fetchone()[0]
            version = self._connection.execute("pragma user_version").fetchone()[0]
            n_tables = self._connection.execute("select count(*) from sqlite_master").fetchone()[0]
        if application_id == APPLICATION_ID and version > SCHEMA_VERSION:
            raise LibraryError(
                f"{self.path} was made by a newer archgraft (schema {version}, this one reads up to {SCHEMA_VERSION}): "
                "upgrade archgraft, or mine a new library"
            )
        if application_id == APPLICATION_ID:
            return
        if n_tables or application_id or version:
            raise LibraryError(f"{self.path} is not an archgraft library: it is some other program's database")
        if not create:  # what is only to be read is never written to, and an empty file hides a mistake
            raise LibraryError(
                f"{self.path} is an empty file, not a library: "
                f"fill it with `archgraft mine SOURCE --library {self.path}`"
            )
        with self.transaction() as connection:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LibraryError(f"the library {self.path} can't be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"{self.path} is not an archgraft library: {error}") from error
        except OSError as error:
            raise LibraryError(f"the library {self.path} can't be made: {error.strerror or error}") from error
