"""Changes to a library's tables, each to be made inside a transaction."""

import sqlite3
from dataclasses import astuple
from typing import Any

from archgraft.tree_ops.library_rows import COLUMNS
from archgraft.tree_ops.spec import Origin


def replace_contract(connection: sqlite3.Connection, row: tuple[Any, ...], condition: str = "") -> None:
    """Give the module of a row the row's contract, if the condition holds."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    names = ("contract", "family", "layout", "behaviour", "is_verified")
    changes = ", ".join(f"{name} = :{name}" for name in names)
    connection.execute(f"update modules set {changes} where id = :id {condition}", values)


def add_new_origin(connection: sqlite3.Connection, module_id: str, origin: Origin) -> bool:
    """Note an origin unless something else was found there; whether it is the module's now."""
    key = (origin.source, origin.version, origin.qualified_name)
    place = "source = ? and version = ? and qualified_name = ?"
    known = connection.execute(f"select module_id from origins where {place}", key).fetchone()
    if known is None:
        connection.execute(f"delete from rejections where {place}", key)
        add_origin(connection, module_id, origin)
    return known is None or known[0] == module_id


def add_origin(connection: sqlite3.Connection, module_id: str, origin: Origin) -> None:
    """Note where a module was found; nothing may be known of that place."""
    columns = "(source, version, path, line, qualified_name, licence, module_id)"
    row = (*astuple(origin), module_id)
    connection.execute(f"insert into origins {columns} values (?, ?, ?, ?, ?, ?, ?)", row)


def forget(connection: sqlite3.Connection, origin: Origin, but_keep: str = "") -> None:
    """A class that is mined again replaces what was known of it; code that is found nowhere any more goes."""
    key = (origin.source, origin.version, origin.qualified_name)
    where = "where source = ? and version = ? and qualified_name = ?"
    connection.execute(f"delete from rejections {where}", key)
    for (module_id,) in connection.execute(f"delete from origins {where} returning module_id", key).fetchall():
        if module_id != but_keep:
            connection.execute(
                "delete from modules where id = ? and not exists (select 1 from origins where module_id = id)",
                (module_id,),
            )
