"""The SQLite file under a library: who made it, in which schema, and transactions with errors that a user can mend.

SQLite's rollback journal is kept, not its write-ahead log: a library stays one file that can be copied and shared, and
works on network drives. Transactions are short, so several miners can write one library in turns.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library_migrations import SCHEMA_VERSION, migrate

APPLICATION_ID = 0x61726367
"""`arcg`: tells a library from any other SQLite file."""
_FULL = ("disk is full", "disk I/O error")
_FORBIDDEN = ("unable to open database file", "readonly database")
_DEFAULT_NAME = "modules.sqlite"


class LibraryFile:
    """An open library file, checked; a new one is filled with the schema. Raises `LibraryError`, as all methods do.

    Opened to be written (`create`), a file of an older schema is migrated. Opened to be read, it is left as it is, and
    a migrated copy in memory stands in for it.
    """

    def __init__(self, path: Path, *, create: bool, busy_seconds: float) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        if path.exists() and not path.is_file():
            raise LibraryError(f"{path} is no file, so it can't be a library: name a file, like {_DEFAULT_NAME}")
        if not create and not path.is_file():
            raise LibraryError(f"there is no library at {path}: make one with `archgraft mine SOURCE --library {path}`")
        with self._mendable():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._connect(path)
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
        """All or nothing; one inside another is part of it."""
        if self._connection.in_transaction:
            yield self._connection
            return
        with self._mendable():
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                if self._connection.in_transaction:  # SQLite has rolled back by itself when the disk is full
                    self._connection.rollback()
                raise

    def _connect(self, path: Path | str) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, timeout=self._busy_seconds, check_same_thread=False)

    def _prepare(self, *, create: bool) -> None:
        """Check that the file is a library of ours that this version reads; bring it to the present schema."""
        version = self._version()
        if version == 0 and not create:  # what is only to be read is never written to; an empty file hides a mistake
            raise LibraryError(
                f"{self.path} is an empty file, not a library: "
                f"fill it with `archgraft mine SOURCE --library {self.path}`"
            )
        if version < SCHEMA_VERSION:
            if not create:
                self._work_on_a_copy()
            with self.transaction() as connection:
                # Two processes may both have found the file old: the second one finds it done.
                migrate(connection, self._version())
                connection.execute(f"pragma application_id = {APPLICATION_ID}")
        if not create:
            self.rows("pragma query_only = on")

    def _version(self) -> int:
        """The file's schema; 0 for an empty file."""
        application_id = self.rows("pragma application_id")[0][0]
        version = int(self.rows("pragma user_version")[0][0])
        n_tables = self.rows("select count(*) from sqlite_master")[0][0]
        if application_id == APPLICATION_ID and version > SCHEMA_VERSION:
            raise LibraryError(
                f"{self.path} was made by a newer archgraft (schema {version}, this one reads up to {SCHEMA_VERSION}): "
                "upgrade archgraft, or mine a new library"
            )
        if application_id != APPLICATION_ID and (n_tables or application_id or version):
            raise LibraryError(f"{self.path} is not an archgraft library: it is some other program's database")
        return version

    def _work_on_a_copy(self) -> None:
        with self._mendable():
            copy = self._connect(":memory:")
            self._connection.backup(copy)
        self._connection.close()
        self._connection = copy

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LibraryError(self._explained(str(error))) from error
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"{self.path} is not an archgraft library: {error}") from error
        except OSError as error:
            raise LibraryError(f"the library {self.path} can't be made: {error.strerror or error}") from error

    def _explained(self, error: str) -> str:
        if any(text in error for text in _FULL):
            return (
                f"the library {self.path} can't be written: {error}. What was stored before is safe: make room on the "
                "disk, and the same command goes on from there"
            )
        if "locked" in error:
            return (
                f"the library {self.path} can't be used: it is locked, another process has been writing to it for "
                f"{self._busy_seconds:.0f} s. What was stored before is safe: wait for that process, then run the "
                "same command again"
            )
        if any(text in error for text in _FORBIDDEN):
            return (
                f"the library {self.path} can't be written: {error}. Check that {self.path.absolute().parent} is a "
                "folder in which you may write, or name a file elsewhere"
            )
        return f"the library {self.path} can't be used: {error}"
