"""What files hold: from the cache what it knows, the rest read in as many processes as pay off.

The outcome depends on the files alone. Every file takes the same way, to a record and back, whether it was read in this
process, in another one, or in an earlier run.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from archgraft.tree_ops.file_records import FileRecord, of_line, read_bytes, read_file, to_line
from archgraft.tree_ops.file_texts import digest_of
from archgraft.tree_ops.index_cache import IndexCache
from archgraft.tree_ops.index_workers import IndexWorkers
from archgraft.tree_ops.source_files import SourceFile

_BYTES_FOR_A_PROCESS = 2 * 2**20
"""Source text that keeps a process busy for longer than it takes to start, about 0.2 s."""
_MAX_PROCESSES = 16
"""A container may see more cores than it is given time on."""
_CHUNK_BYTES = 2**18
_N_FILES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class IndexStep:
    """How far indexing has come."""

    n_done: int
    n_files: int


Progress = Callable[[IndexStep], None]


def no_progress(_: IndexStep) -> None:
    """Show nothing."""


def read_files(
    listed: Sequence[SourceFile], cache: IndexCache, n_processes: int | None, progress: Progress
) -> Iterator[tuple[SourceFile, FileRecord]]:
    """Every file with its record, in the order given.

    `n_processes` are asked to read what the cache doesn't hold; None leaves their number to the amount of it. Raises
    `IndexWorkerError` when one of them is killed.
    """
    records: dict[int, FileRecord] = {}
    missing: list[_Missing] = []
    for start in range(0, len(listed), _N_FILES_AT_ONCE):
        missing += _recall(range(start, min(start + _N_FILES_AT_ONCE, len(listed))), listed, cache, records)
        progress(IndexStep(len(records), len(listed)))
    fresh: dict[bytes, str] = {}
    with closing(_parse(missing, n_processes)) as parsed:
        for chunk, found in parsed:
            for lost, record in zip(chunk, found, strict=True):
                records[lost.position] = record
                if record.digest:
                    fresh[_key(cache, lost.file, record.digest)] = to_line(record)
            if len(fresh) >= _N_FILES_AT_ONCE:
                cache.store(fresh)
                fresh = {}
            progress(IndexStep(len(records), len(listed)))
    cache.store(fresh)
    for position, file in enumerate(listed):
        yield file, records.pop(position)


@dataclass(frozen=True, slots=True)
class _Missing:
    """A file that has to be parsed, and where it stands among all."""

    position: int
    file: SourceFile
    n_bytes: int


def _recall(
    positions: Iterable[int], listed: Sequence[SourceFile], cache: IndexCache, records: dict[int, FileRecord]
) -> list[_Missing]:
    """Fill in the records that the cache holds; returns what has to be parsed. No file's content is held on to."""
    wanted: dict[int, tuple[bytes, str, int]] = {}
    for position in positions:
        data = read_bytes(listed[position].path)
        if isinstance(data, str):
            records[position] = FileRecord("", "", data)
        else:
            digest = digest_of(data)
            wanted[position] = (_key(cache, listed[position], digest), digest, len(data))
    remembered = cache.find([key for key, _, _ in wanted.values()])
    missing = []
    for position, (key, digest, n_bytes) in wanted.items():
        record = _checked(remembered.get(key), digest)
        if record is None:
            missing.append(_Missing(position, listed[position], n_bytes))
        else:
            records[position] = record
    return missing


def _checked(text: str | None, digest: str) -> FileRecord | None:
    try:
        record = of_line(text or "")
    except ValueError:
        return None
    return record if record.digest == digest else None


def _key(cache: IndexCache, file: SourceFile, digest: str) -> bytes:
    return cache.key(digest, file.name, is_package=file.path.name == "__init__.py")


def _parse(
    missing: Sequence[_Missing], n_processes: int | None
) -> Generator[tuple[Sequence[_Missing], list[FileRecord]], None, None]:
    chunks = list(_chunks(missing))
    workers = _start(_n_worthwhile(missing) if n_processes is None else n_processes) if missing else None
    if workers is None:
        for chunk in chunks:
            yield chunk, [read_file(lost.file.name, lost.file.path) for lost in chunk]
        return
    with closing(workers):
        found = workers.read([[lost.file for lost in chunk] for chunk in chunks])
        yield from zip(chunks, found, strict=True)


def _n_worthwhile(missing: Sequence[_Missing]) -> int:
    n_bytes = sum(lost.n_bytes for lost in missing)
    return min(_available_cores(), _MAX_PROCESSES, n_bytes // _BYTES_FOR_A_PROCESS)


def _start(n_processes: int) -> IndexWorkers | None:
    """The processes, or None where one is enough or no more are to be had: this one reads, then."""
    if n_processes < 2:
        return None
    try:
        return IndexWorkers(n_processes)
    except OSError:
        return None


def _chunks(missing: Iterable[_Missing]) -> Iterator[list[_Missing]]:
    chunk: list[_Missing] = []
    n_bytes = 0
    for lost in missing:
        chunk.append(lost)
        n_bytes += lost.n_bytes
        if n_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, n_bytes = [], 0
    if chunk:
        yield chunk


def _available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
