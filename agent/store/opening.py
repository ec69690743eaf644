"""Starting a run in a folder, or resuming the one that is there."""

import errno
import importlib.metadata
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, update

from archgraft.agent.errors import UsageError
from archgraft.agent.store import tables
from archgraft.agent.store.backup import remove_partial
from archgraft.agent.store.codec import from_json, to_json
from archgraft.agent.store.database import DATABASE_NAME, check, database_url, now, open_engine, usable, writing
from archgraft.agent.store.lock import LOCK_NAME, RunLock
from archgraft.agent.store.records import RunInfo
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.store.trouble import BACKUP_NAME, damaged
from archgraft.agent.store.weights import remove_partial_weights
from archgraft.agent.whole_file import unwritable

_FIXED = ("seed", "model", "task", "metric", "library_digest", "planner", "chooser")


def open_run(folder: Path, info: RunInfo, clock: Callable[[], float] = time.monotonic) -> RunStore:
    """Start a run in a folder, or resume the one that is there.

    Raises `UsageError` when the folder can't be written, another search works on it, or it holds a run with other
    settings.
    """
    place = str(folder / DATABASE_NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = RunLock(folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise unwritable(folder / LOCK_NAME, error) from error
        raise UsageError(f"{folder}: can't be written ({error.strerror}). Choose another --out.") from error
    engine = open_engine(database_url(folder))
    try:
        _tidy(folder)
        _start_or_resume(engine, place, info)
        return RunStore(folder, engine, lock, clock)
    except BaseException:
        engine.dispose()
        lock.release()
        raise


def _tidy(folder: Path) -> None:
    """Remove what killed searches left half written, and make the database's file: connections make none."""
    remove_partial_weights(folder)
    remove_partial(folder)
    database, backup = folder / DATABASE_NAME, folder / BACKUP_NAME
    if backup.exists() and not (database.exists() and database.stat().st_size):
        raise UsageError(damaged(database, "it is gone or empty"))
    database.touch()


def _start_or_resume(engine: Engine, place: str, info: RunInfo) -> None:
    info = replace(info, created=info.created or now(), versions=info.versions or _versions())
    with usable(place), engine.connect() as connection:
        held = check(connection, place)
    with writing(engine, place) as connection:
        if held:
            _resume(connection, place, info)
        else:
            tables.metadata.create_all(connection)
            connection.execute(insert(tables.run).values(id=1, **_columns(info)))


def _resume(connection: Connection, place: str, info: RunInfo) -> None:
    stored = from_json(RunInfo, connection.execute(select(tables.run.c.info)).scalar_one())
    differing = _differences(stored, info)
    if differing:
        raise UsageError(
            f"{place}: this run was started with other settings: {'; '.join(differing)}. "
            "Give the same settings to resume it, or choose another --out."
        )
    changed = [
        f"{name} {stored.versions.get(name)} -> {version}"
        for name, version in info.versions.items()
        if stored.versions.get(name) != version
    ]
    if changed:
        text = f"resumed with other versions, so scores may shift: {', '.join(changed)}"
        connection.execute(insert(tables.events).values(time=now(), kind="warning", text=text))
    kept = replace(stored, budget=info.budget)
    connection.execute(update(tables.run).values(**_columns(kept)))


def _differences(stored: RunInfo, given: RunInfo) -> list[str]:
    pairs = [(name, getattr(stored, name), getattr(given, name)) for name in _FIXED]
    names = sorted(stored.settings.keys() | given.settings.keys())
    pairs += [(name, stored.settings.get(name), given.settings.get(name)) for name in names]
    return [f"{name} was {old!r}, now {new!r}" for name, old, new in pairs if old != new]


def _columns(info: RunInfo) -> dict[str, object]:
    return {
        "schema_version": tables.SCHEMA_VERSION,
        "created": info.created,
        "seed": info.seed,
        "model": info.model,
        "task": info.task,
        "planner": info.planner,
        "chooser": info.chooser,
        "library_path": info.library_path,
        "library_digest": info.library_digest,
        "info": to_json(info),
    }


def _versions() -> dict[str, str]:
    names = ("archgraft", "torch", "numpy")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}
