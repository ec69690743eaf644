"""From roots to modules: which files there are, what each holds, and which of two files of one name counts."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.file_reading import Progress, no_progress, read_files
from archgraft.tree_ops.file_records import FileRecord
from archgraft.tree_ops.file_texts import FileText, RecentTexts
from archgraft.tree_ops.index_cache import IndexCache
from archgraft.tree_ops.module_record import decode
from archgraft.tree_ops.modules import ModuleSource
from archgraft.tree_ops.source_files import BrokenFile, SourceFile, files
from archgraft.tree_ops.sources import SourceRoot


@dataclass(slots=True)
class Reading:
    """What the roots hold. `cache_problem` says why the cache can't be used; empty when it can, or there is none."""

    modules: dict[str, ModuleSource] = field(default_factory=dict)
    broken: list[BrokenFile] = field(default_factory=list)
    cache_problem: str = ""


def read_roots(
    roots: Iterable[SourceRoot],
    recent: RecentTexts,
    *,
    cache: Path | None = None,
    n_processes: int | None = None,
    progress: Progress = no_progress,
) -> Reading:
    """Read all files of the roots; the first that holds a module name keeps it, and others of that name are broken.

    `cache` is the folder in which records are kept, `n_processes` how many read at once: by default one for each core
    that this process may use, unless there is too little to read. Raises `SourceError` when a root doesn't
    exist, and `IndexWorkerError` when a reading process is killed.
    """
    reading = Reading()
    listed = _list(roots, reading.broken)
    remembered = IndexCache(cache)
    with _collector_paused():
        try:
            for file, found in read_files(listed, remembered, n_processes, progress):
                if found.fault:
                    reading.broken.append(BrokenFile(file.path, found.fault))
                elif (holder := reading.modules.get(file.name)) is None:
                    reading.modules[file.name] = module_of(file, found, recent)
                elif holder.path != file.path:
                    reading.broken.append(
                        BrokenFile(file.path, f"its module name, {file.name}, is taken by {holder.path}: mine it alone")
                    )
        finally:
            remembered.close()
    reading.cache_problem = remembered.problem
    return reading


def module_of(file: SourceFile, found: FileRecord, recent: RecentTexts) -> ModuleSource:
    """The module that a file's record describes."""
    text = FileText(file.path, found.digest, recent)
    return decode(found.record, file.name, file.path, file.root, text)


def _list(roots: Iterable[SourceRoot], broken: list[BrokenFile]) -> list[SourceFile]:
    listed = []
    for root in roots:
        if not root.folder.exists():
            raise SourceError(f"source {root.name}: {root.folder} does not exist")
        for file in files(root):
            if isinstance(file, BrokenFile):
                broken.append(file)
            else:
                listed.append(file)
    return listed


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection: hundreds of thousands of objects are made, and nothing of them is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
