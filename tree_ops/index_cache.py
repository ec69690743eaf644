"""Remembers what files hold between runs, by their content: an unchanged tree isn't parsed again.

One SQLite file in the user's cache folder, for all processes at once. Nothing in it is trusted: each record carries a
digest of itself, and what doesn't match, or isn't ours, is as good as absent. A cache that can't be used is no error,
only slow; `problem` says why.
"""

import hashlib
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_FILE = "index.sqlite"
_APPLICATION_ID = 0x61677869
_VERSION = 1
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, record BLOB NOT NULL, used INTEGER NOT NULL);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_LOCK_SECONDS = 5.0
_DIGEST_BYTES = 16
_N_KEYS_AT_ONCE = 500
_SECONDS_OF_A_DAY = 86_400
RULES = ("module_reader", "module_record", "modules", "scopes", "file_records", "file_texts", "syntax")
"""The files that decide what a record says: a change in any of them makes other records."""
MAX_BYTES = 128 * 2**20


def _digest_of_rules() -> str:
    texts = [Path(__file__).with_name(f"{name}.py").read_bytes() for name in RULES]
    python = repr((sys.implementation.name, sys.version_info[:3])).encode()
    return hashlib.blake2b(b"\0".join([python, *texts]), digest_size=_DIGEST_BYTES).hexdigest()


_DIGEST_OF_RULES = _digest_of_rules()
"""Of the files as this process has imported them: they may change under a process that runs for long."""


class IndexCache:
    """Records by content digest and module name. Every method works without a usable file, and finds nothing then."""

    def __init__(self, folder: Path | None, *, max_bytes: int = MAX_BYTES) -> None:
        self.problem = ""
        self._max_bytes = max_bytes
        self._today = int(time.time()) // _SECONDS_OF_A_DAY
        self._connection: sqlite3.Connection | None = None
        if folder is not None:
            self._path = folder / _FILE
            with self._forgiving():
                folder.mkdir(parents=True, exist_ok=True)
                self._connection = _open(self._path)

    def key(self, digest: str, name: str, *, is_package: bool) -> bytes:
        """What a file's record is kept under: its content, what it is imported as, and the rules of reading."""
        text = "\0".join([digest, name, str(is_package), _DIGEST_OF_RULES])
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """The records that are there."""
        found: dict[bytes, str] = {}
        old: list[bytes] = []
        if self._connection is None:
            return found
        with self._forgiving():
            for chunk in _chunks(keys):
                marks = ",".join("?" * len(chunk))
                rows = self._connection.execute(f"SELECT key, record, used FROM records WHERE key IN ({marks})", chunk)
                for key, packed, used in rows:
                    record = _unpack(key, packed)
                    if record is not None:
                        found[key] = record
                    if used != self._today:
                        old.append(key)
        if old:
            self._touch(old)
        return found

    def store(self, records: Mapping[bytes, str]) -> None:
        """Keep records; the ones that nobody asked for longest make room."""
        if self._connection is None or not records:
            return
        with self._forgiving(), self._transaction() as connection:
            rows = [(key, _pack(key, record), self._today) for key, record in records.items()]
            connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)
            self._prune(connection)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _touch(self, keys: Iterable[bytes]) -> None:
        with suppress(sqlite3.Error), self._transaction() as connection:
            connection.executemany("UPDATE records SET used = ? WHERE key = ?", [(self._today, key) for key in keys])

    def _prune(self, connection: sqlite3.Connection) -> None:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        excess = (pages - free) * size - self._max_bytes
        if excess <= 0:
            return
        excess += self._max_bytes // 10
        oldest = connection.execute("SELECT key, length(record) FROM records ORDER BY used, rowid")
        doomed = []
        for key, n_bytes in oldest:
            if excess <= 0:
                break
            doomed.append((key,))
            excess -= n_bytes + _DIGEST_BYTES
        connection.executemany("DELETE FROM records WHERE key = ?", doomed)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        assert self._connection is not None
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self.problem = self.problem or str(error)
            self.close()
            if _is_broken(error):
                with suppress(OSError):
                    self._path.unlink()


def _is_broken(error: Exception) -> bool:
    """Whether the file itself is at fault; what can't be written or is busy now may serve another time."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.Error as error:
        if not _is_broken(error):
            raise
        path.unlink()
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Raises `sqlite3.Error`; for a file that is no cache of ours, its subclass `DatabaseError`."""
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN")  # so that both are of one moment: another process may be making the table
        marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        n_tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        connection.commit()
        if not n_tables:
            connection.executescript(_SCHEMA)
        elif marks != [_APPLICATION_ID, _VERSION]:
            raise sqlite3.DatabaseError(f"{path} is no index cache of this version")
    except BaseException:
        connection.close()
        raise
    return connection


def _pack(key: bytes, record: str) -> bytes:
    packed = zlib.compress(record.encode("utf-8", "surrogatepass"), 1)
    return _digest(key, packed) + packed


def _unpack(key: bytes, packed: object) -> str | None:
    if not isinstance(packed, bytes) or packed[:_DIGEST_BYTES] != _digest(key, packed[_DIGEST_BYTES:]):
        return None
    return zlib.decompress(packed[_DIGEST_BYTES:]).decode("utf-8", "surrogatepass")


def _digest(key: bytes, packed: bytes) -> bytes:
    return hashlib.blake2b(key + packed, digest_size=_DIGEST_BYTES).digest()


def _chunks(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _N_KEYS_AT_ONCE):
        yield keys[start : start + _N_KEYS_AT_ONCE]
