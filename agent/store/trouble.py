"""What a database's errors mean for the person whose run it is, by SQLite's own names for them."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from archgraft.agent.disk_room import full_disk
from archgraft.agent.store.lock_holders import holders

BACKUP_NAME = "run.backup.sqlite"
AGAIN = "run the same command again: it goes on where the run stopped."


def explained(error: DBAPIError | sqlite3.Error, place: str, waited_seconds: float) -> str:
    """The message for an error of the database at `place`: what is wrong, where, and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    name, path = getattr(cause, "sqlite_errorname", ""), Path(place)
    if name.startswith("SQLITE_FULL"):
        return full_disk(path)
    if name == "SQLITE_READONLY_DBMOVED" or (name and not path.exists()):
        return (
            f"{place}: the run was deleted, moved or replaced while it was at work. Put it back where it was, or give "
            f"--out its new place, then {AGAIN}"
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")):
        return damaged(path, str(cause))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        who = "".join(f" ({holder})" for holder in holders(path)[:1])
        return (
            f"{place}: another program{who} has kept the file locked for {waited_seconds:.0f} seconds. Close whatever "
            f"has it open, then {AGAIN}"
        )
    if name.startswith("SQLITE_IOERR"):
        return f"{place}: the disk can't be read or written ({cause}). Check the disk and its limits, then {AGAIN}"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"{place}: can't be written ({cause}). Check the permissions of the file and its folder, then {AGAIN}"
    return f"{place}: can't be used: {cause}. Check the file, or start a new run in another folder."


def damaged(path: Path, found: str) -> str:
    """The message for a database that can't be read, with the way back where a copy was kept."""
    wrong = f"{path}: not a readable run ({' '.join(found.split())})."
    backup = path.with_name(BACKUP_NAME)
    if backup.exists():
        return f"{wrong} A copy lies beside it: put {backup} in its place, then {AGAIN}"
    return f"{wrong} Restore the file from a copy, or start a new run in another folder."
