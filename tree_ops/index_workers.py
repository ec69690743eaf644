"""Processes that read files side by side. They parse, and never run what they read.

Each is a fresh interpreter that sees the standard library and this package, nothing of the caller's: no threads that a
fork would break, no main module to import again, no current folder on its path. They talk in lines.
"""

import contextlib
import json
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.file_records import FileRecord, of_line
from archgraft.tree_ops.source_files import SourceFile

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from archgraft.tree_ops.index_worker import serve; serve()"
_HOME = Path(sys.modules["archgraft"].__path__[0]).parent
_SAID_CHARACTERS = 300

Chunk = Sequence[SourceFile]


class IndexWorkerError(SourceError):
    """A process that reads files ended before its time."""


class IndexWorker:
    """One reading process. Raises `OSError` when it can't be started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable or "", "-I", "-S", "-c", _PROGRAM, str(_HOME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def read(self, chunk: Chunk) -> list[FileRecord]:
        """Read some files, one after another. Raises `IndexWorkerError`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            request = json.dumps([[file.name, str(file.path)] for file in chunk])
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
            return [of_line(_whole_line(self._process.stdout)) for _ in chunk]
        except (OSError, ValueError):
            raise IndexWorkerError(self._last_words(chunk)) from None

    def _last_words(self, chunk: Chunk) -> str:
        self._process.kill()
        _, errors = self._process.communicate()
        status = self._process.returncode
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        said = errors.decode(errors="replace").strip()[-_SAID_CHARACTERS:]
        others = f" and {len(chunk) - 1} more files" if len(chunk) > 1 else ""
        return (
            f"a process that reads source files {how} while it was at {chunk[0].path}{others}"
            f"{f' ({said})' if said else ''}: the machine may be short of memory"
        )

    def kill(self) -> None:
        """End the process, whatever it does; a `read` that waits for it fails."""
        self._process.kill()

    def close(self) -> None:
        """Release what the process held. Only after `kill`, with no `read` under way."""
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()


def _whole_line(stream: IO[bytes]) -> str:
    """Raises `ValueError` when the stream ends within a line."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise ValueError("half a line")
    return line[:-1].decode()


class IndexWorkers:
    """Some reading processes. Raises `OSError` when they can't be started."""

    def __init__(self, n_processes: int) -> None:
        self.workers: list[IndexWorker] = []
        self._idle: queue.SimpleQueue[IndexWorker] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(n_processes, "index")
        try:
            for _ in range(n_processes):
                self.workers.append(IndexWorker())
                self._idle.put(self.workers[-1])
        except OSError:
            self.close()
            raise

    def read(self, chunks: Sequence[Chunk]) -> Iterator[list[FileRecord]]:
        """What the files of each chunk hold, in the order given. Raises `IndexWorkerError`."""
        return self._pool.map(self._read, chunks)

    def _read(self, chunk: Chunk) -> list[FileRecord]:
        worker = self._idle.get()
        try:
            return worker.read(chunk)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for worker in self.workers:
            worker.close()
