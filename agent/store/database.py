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

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from archgraft.agent.errors import UsageError
from archgraft.agent.store import tables
from archgraft.agent.store.interruption import uninterrupted

DATABASE_NAME = "run.sqlite"
BUSY_TIMEOUT_SECONDS = 60


def database_url(folder: Path) -> str:
    """The SQLAlchemy URL of a run's own SQLite file."""
    return f"sqlite:///{folder / DATABASE_NAME}"


def open_engine(url: str) -> Engine:
    """An engine whose transactions are what they say: SQLite's are begun by us, as the driver's own skip DDL."""
    if not url.startswith("sqlite"):
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


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
    """Turn what a broken, locked or full database raises into an error that says what to do; Ctrl-C waits."""
    try:
        with uninterrupted():
            yield
    except IntegrityError:
        raise
    except DatabaseError as error:
        raise UsageError(f"{place}: {_advice(str(error.orig))}") from error


def _advice(message: str) -> str:
    if "not a database" in message or "malformed" in message:
        return f"not a readable run ({message}). Restore the file from a copy, or start a new run in another folder."
    if "locked" in message:
        return "another program keeps the file locked. Close whatever has it open and try again."
    if "full" in message:
        return "the disk is full. Free some space and give the same command again; the run goes on where it stopped."
    if "readonly" in message or "unable to open" in message:
        return f"can't be written ({message}). Check the folder's permissions, or choose another folder."
    return f"can't be used: {message}. Check the file, or start a new run in another folder."


def check(connection: Connection, place: str) -> bool:
    """Whether the database holds a run (False: it is empty). Raises `UsageError` for one that can't be used."""
    if connection.dialect.name == "sqlite":
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise UsageError(f"{place}: {_advice(f'malformed: {verdict}')}")
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
