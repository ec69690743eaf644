"""The schemas of a library, one step after the other: a new file takes all of them, an old one those that it lacks.

A step is never changed once released; a new schema is a new step at the end. All steps of one file are one transaction.
"""

import sqlite3
from collections.abc import Callable

from archgraft.tree_ops.normal_form import body_hash
from archgraft.tree_ops.structure import Signature


def _modules_with_origins(connection: sqlite3.Connection) -> None:
    """Schema 1."""
    _run(
        connection,
        """
        create table modules (
            id text primary key, class_name text not null, source text not null, parameters text not null,
            requires text not null, n_lines integer not null, contract text not null, family text not null,
            layout text not null
        ) without rowid;
        create table origins (
            source text not null, version text not null, qualified_name text not null, path text not null,
            line integer not null, licence text not null, module_id text not null references modules (id),
            primary key (source, version, qualified_name)
        ) without rowid;
        create index origins_by_module on origins (module_id);
        create table rejections (
            source text not null, version text not null, qualified_name text not null, kind text not null,
            reason text not null, primary key (source, version, qualified_name)
        ) without rowid
        """,
    )


def _structure_and_licences(connection: sqlite3.Connection) -> None:
    """Schema 2: what tells duplicates and likeness, documentation apart from code, licence texts, trust, settings."""
    _run(
        connection,
        """
        alter table modules add column documentation text not null default '';
        alter table modules add column fixed text not null default '[]';
        alter table modules add column body text not null default '';
        alter table modules add column behaviour text not null default '';
        alter table modules add column structure blob not null default x'';
        alter table modules add column is_verified integer not null default 1;
        create table licences (id text primary key, text text not null) without rowid;
        create table licence_of_source (
            source text not null, version text not null, licence_id text not null references licences (id),
            primary key (source, version)
        ) without rowid;
        create table settings (name text primary key, value text not null) without rowid
        """,
    )
    for module_id, source in connection.execute("select id, source from modules").fetchall():
        try:
            row = (body_hash(source), Signature.of(source).to_bytes(), module_id)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise sqlite3.DatabaseError(f"module {module_id} is not Python: {error}") from error
        connection.execute("update modules set body = ?, structure = ? where id = ?", row)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_modules_with_origins, _structure_and_licences)
"""Step n makes schema n + 1 out of schema n."""
SCHEMA_VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of that schema (0: an empty one) to the present one. To be called inside a transaction."""
    for step in STEPS[version:]:
        step(connection)
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Not `executescript`, which commits first."""
    for statement in statements.split(";"):
        connection.execute(statement)
