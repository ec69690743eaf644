"""A copy of the database beside it, for the day when a page of it is damaged.

A search that goes on from an older copy comes to the same ledger (law 8): what came after the copy is repeated. So a
copy now and then is enough, and a damaged disk, a truncated file or a wrong `rm` costs minutes instead of a night.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.store.database import DATABASE_NAME, connect, usable
from archgraft.agent.store.trouble import BACKUP_NAME, damaged

EVERY_SECONDS = 600.0
_PARTIAL_NAME = f"{BACKUP_NAME}.partial"


class Backup:
    """Keeps `run.backup.sqlite`. Only the process that holds the run's lock may."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._kept_at = clock()

    def keep_when_due(self) -> None:
        """Copy, unless that was done a short while ago. Raises `UsageError` when the database is damaged."""
        if self._clock() - self._kept_at >= EVERY_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Copy now. An older copy is replaced only by one that is whole; without room for both nothing is done."""
        database, partial = self._folder / DATABASE_NAME, self._folder / _PARTIAL_NAME
        self._kept_at = self._clock()
        with usable(str(database)):
            if shutil.disk_usage(self._folder).free < 2 * database.stat().st_size:
                return
            partial.unlink(missing_ok=True)
            with closing(connect(database)) as ours, closing(sqlite3.connect(partial)) as copy:
                ours.backup(copy)
                verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise UsageError(damaged(database, verdict))
        partial.replace(self._folder / BACKUP_NAME)


def remove_partial(folder: Path) -> None:
    """Remove what a copy that was killed midway left."""
    (folder / _PARTIAL_NAME).unlink(missing_ok=True)
