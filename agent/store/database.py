"""Opening a run's database, and telling the user what to do when it can't be used.

Rollback journal with `synchronous=FULL`, not the write-ahead log: a commit is on the disk when it returns, a run is one
file that can be copied while nothing is in flight, and it works on network file systems, where the write-ahead log's
shared memory does not. A search commits a few times a second at most, so the price of a sync each does not show. A
process killed inside a transaction leaves a journal that the next opening rolls back.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from archgraft.agent.errors import UsageError
from archgraft.agent.store import tables
from archgraft.agent.store.interruption import uninterrupted
from archgraft.agent.store.trouble import damaged, explained

DATABASE_NAME = "run.sqlite"
BUSY_TIMEOUT_SECONDS = 30
"""How long to wait for others: a dashboard holds a lock for milliseconds, a program that makes a copy for seconds."""


def database_url(folder: Path) -> URL:
    """The SQLAlchemy URL of a run's own SQLite file, whatever characters its path is made of."""
    return URL.create("sqlite", database=str(folder / DATABASE_NAME))


def open_engine(url: URL) -> Engine:
    """An engine whose transactions are what they say: SQLite's are begun by us, as the driver's own skip DDL."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    path = Path(url.database or "")
    engine = create_engine(url, creator=lambda: connect(path))
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database file that exists: one that was moved away is not begun anew, empty, in its place."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False)


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")  # a full TMPDIR is no trouble of ours then


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: upgrading a read lock later could deadlock with the mirror or a dashboard.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def writing(engine: Engine, place: str) -> Iterator[Connection]:
    """One write transaction. Raises `UsageError` when the database can't be written."""
    with usable(place), engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


@contextmanager
def usable(place: str) -> Iterator[None]:
    """`explaining` what goes wrong, and Ctrl-C waits."""
    with explaining(place), uninterrupted():
        yield


@contextmanager
def explaining(place: str) -> Iterator[None]:
    """Turn what a broken, locked or full database raises into a `UsageError` that says what to do."""
    try:
        yield
    except IntegrityError:
        raise
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise UsageError(explained(error, place, BUSY_TIMEOUT_SECONDS)) from error


def check(connection: Connection, place: str) -> bool:
    """Whether the database holds a run (False: it is empty). Raises `UsageError` for one that can't be used."""
    if connection.dialect.name == "sqlite":
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise UsageError(damaged(Path(place), verdict))
    names = set(inspect(connection).get_table_names())
    if not names:
        return False
    if not {"run", "attempts"} <= names:
        raise UsageError(f"{place}: a database, but not one of a run. Choose another folder.")
    version = connection.execute(select(tables.run.c.schema_version)).scalar_one()
    if version != tables.SCHEMA_VERSION:
        age, advice = ("newer", "Update archgraft") if version > tables.SCHEMA_VERSION else ("older", "Use that one")
        raise UsageError(
            f"{place}: written by a{'n' if age == 'older' else ''} {age} archgraft (schema {version}; this one reads "
            f"{tables.SCHEMA_VERSION}). {advice}, or start a new run in another folder."
        )
    return True


def now() -> str:
    """The time as the store writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
