"""The text of source files, read when it is asked for: an index over thousands of files holds few of them.

What is read again must be what was indexed, byte for byte, or the line numbers of the index would cut elsewhere.
"""

import hashlib
import io
import threading
import tokenize
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from archgraft.tree_ops.errors import SourceError

MAX_HELD_CHARACTERS = 2**24


class SourceText(Protocol):
    """The lines of one file, each with its end."""

    def lines(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class HeldText:
    """Text that exists nowhere but in memory."""

    held: list[str]

    def lines(self) -> list[str]:
        return self.held


@dataclass(frozen=True, slots=True)
class FileText:
    """A file on disk, as long as it is what it was: `digest` is of the bytes that were indexed."""

    path: Path
    digest: str
    recent: "RecentTexts"

    def lines(self) -> list[str]:
        """Raises `SourceError` when the file has changed or is gone."""
        return self.recent.lines(self.digest, self._read)

    def _read(self) -> str:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise SourceError(f"{self.path} can't be read any more: {error.strerror or error}") from error
        if digest_of(data) != self.digest:
            raise SourceError(f"{self.path} has changed since it was indexed: start again")
        return decode(data)


@dataclass(slots=True)
class RecentTexts:
    """The lines of the files that were asked for last, up to `max_characters` of them in all."""

    max_characters: int = MAX_HELD_CHARACTERS
    _held: OrderedDict[str, tuple[list[str], int]] = field(default_factory=OrderedDict)
    _n_characters: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lines(self, digest: str, read: Callable[[], str]) -> list[str]:
        """The lines of the text with this digest, read when they are not at hand."""
        with self._lock:
            if digest in self._held:
                self._held.move_to_end(digest)
                return self._held[digest][0]
            text = read()
            lines = lines_of(text)
            self._held[digest] = (lines, len(text))
            self._n_characters += len(text)
            while self._n_characters > self.max_characters and len(self._held) > 1:
                _, (_, n_characters) = self._held.popitem(last=False)
                self._n_characters -= n_characters
            return lines


def digest_of(data: bytes) -> str:
    """What tells a file's content from any other."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes) -> str:
    """A source file's text with `\\n` line ends. Raises `SyntaxError`, `ValueError`, or `LookupError` for a codec that
    is none of text.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def lines_of(text: str) -> list[str]:
    """The text's lines, each with its end."""
    return [line + "\n" for line in text.split("\n")]
