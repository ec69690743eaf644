"""From a file on disk to its record: the part of indexing that runs in worker processes too."""

import json
from dataclasses import dataclass
from pathlib import Path

from archgraft.tree_ops.file_texts import decode, digest_of
from archgraft.tree_ops.module_reader import parse_module
from archgraft.tree_ops.module_record import encode

MAX_FILE_BYTES = 2 * 2**20
"""Nobody writes more by hand; the syntax tree of a generated table takes about 500 times its text's bytes."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one file: its content's digest, and its record or a fault.

    Without a digest it isn't remembered: what is wrong may not lie in the content.
    """

    digest: str
    record: str
    fault: str = ""


def read_bytes(path: Path) -> bytes | str:
    """A file's content, or why there is none."""
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_FILE_BYTES:
            return f"{n_bytes / 2**20:.1f} MiB long; {MAX_FILE_BYTES // 2**20} are the most that is read"
        return path.read_bytes()
    except OSError as error:
        return error.strerror or str(error)


def read_file(name: str, path: Path) -> FileRecord:
    """Parse one file, or say why it can't be."""
    data = read_bytes(path)
    return FileRecord("", "", data) if isinstance(data, str) else _parse(data, name, path)


def _parse(data: bytes, name: str, path: Path) -> FileRecord:
    digest = digest_of(data)
    try:
        module = parse_module(decode(data), name, path, is_package=path.name == "__init__.py")
        return FileRecord(digest, encode(module))
    except SyntaxError as error:
        where = f" in line {error.lineno}" if error.lineno else ""
        return FileRecord(digest, "", f"syntax error{where}: {error.msg}")
    except (RecursionError, MemoryError):  # what the parser says of depth; not to be remembered, it may be memory
        return FileRecord("", "", "nested too deeply for Python's parser")
    except (ValueError, LookupError) as error:
        return FileRecord(digest, "", f"not Python text: {error}")


def to_line(record: FileRecord) -> str:
    """The record as one line of ASCII, without its end."""
    return f"{record.digest}\t{json.dumps(record.fault)}\t{record.record}"


def of_line(line: str) -> FileRecord:
    """The record that `to_line` wrote. Raises `ValueError` for anything else."""
    digest, fault, record = line.split("\t", 2)
    return FileRecord(digest, record, str(json.loads(fault)))
