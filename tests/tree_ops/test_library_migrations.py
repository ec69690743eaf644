"""Libraries of older schemas: migrated when opened to be written, read through a copy otherwise."""

import dataclasses
import json
import sqlite3
from pathlib import Path

import pytest

from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_migrations import SCHEMA_VERSION
from tests.tree_ops.test_library import CONTRACT, origin, spec

SCHEMA_1 = """
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
pragma application_id = 1634886503;
pragma user_version = 1;
"""
SOURCE = '''class Block:
    """Doubles."""

    def forward(self, x):
        return x * 2
'''


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A library as schema 1 wrote it, with two modules that differ by a renaming and a rejection."""
    path = tmp_path / "old.sqlite"
    fields = {k: v for k, v in contract_to_json(CONTRACT).items() if k not in ("kind", "fingerprint")}
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA_1)
    for letter, name in (("a", "Block"), ("b", "Copy")):
        source = SOURCE.replace("Block", name)
        row = (letter * 16, name, source, "[]", '["torch"]', 5, json.dumps(fields), "convolution", "map")
        connection.execute("insert into modules values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        place = ("timm", "1.0", f"timm.{name}", "block.py", 3, "Apache-2.0", letter * 16)
        connection.execute("insert into origins values (?, ?, ?, ?, ?, ?, ?)", place)
    connection.execute("insert into rejections values ('timm', '1.0', 'timm.Loss', 'forward', 'two inputs')")
    connection.commit()
    connection.close()
    return path


def schema_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    version = int(connection.execute("pragma user_version").fetchone()[0])
    connection.close()
    return version


def test_an_old_library_is_read_and_left_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with Library(old) as library:
        assert [module.id[0] for module in library.modules(everything=True)] == ["a", "b"]
        assert library.get("a" * 16).contract == CONTRACT
        assert library.representatives() == {"a" * 16: "a" * 16, "b" * 16: "a" * 16}
        assert [rejection.reason for rejection in library.rejections()] == ["two inputs"]
    assert old.read_bytes() == before


def test_an_old_library_is_migrated_when_it_is_written(old: Path) -> None:
    with Library(old) as library:
        read = (library.modules(everything=True), library.rejections(), library.counts(), library.representatives())
    Library(old, create=True).close()
    assert schema_of(old) == SCHEMA_VERSION
    with Library(old) as library:
        assert (library.modules(everything=True), library.rejections(), library.counts()) == read[:3]
        assert library.representatives() == read[3]


def test_a_migrated_library_is_a_new_one(old: Path, tmp_path: Path) -> None:
    """Both have the same tables, column by column, and both take new modules."""
    with Library(old, create=True) as library:
        library.add(spec(), dataclasses.replace(CONTRACT, fingerprint="0" * 16))
        assert library.get(spec().id).spec == spec()
    Library(tmp_path / "new.sqlite", create=True).close()
    tables = []
    for path in (old, tmp_path / "new.sqlite"):
        connection = sqlite3.connect(path)
        tables.append(connection.execute("select name, sql from sqlite_master order by name").fetchall())
        connection.close()
    assert [name for name, _ in tables[0]] == [name for name, _ in tables[1]]
    assert [" ".join(str(sql).split()) for _, sql in tables[0]] == [" ".join(str(sql).split()) for _, sql in tables[1]]


def test_a_migration_that_fails_changes_nothing(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("update modules set source = 'class (' where id like 'b%'")
    connection.commit()
    connection.close()
    before = old.read_bytes()
    with pytest.raises(LibraryError, match=f"module {'b' * 16} is not Python"):
        Library(old, create=True)
    assert schema_of(old) == 1
    assert old.read_bytes() == before


def test_what_is_opened_to_be_read_is_never_written(old: Path) -> None:
    Library(old, create=True).close()
    with Library(old) as library, pytest.raises(LibraryError, match="readonly"):
        library.add_rejection(origin("Other"), "forward", "no")
