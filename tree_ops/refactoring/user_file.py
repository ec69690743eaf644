"""A file of the user's: read without loss, parsed by libcst, and written so that untouched lines stay as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path

import libcst as cst

from archgraft.tree_ops.errors import SourceError


@dataclass(frozen=True)
class UserFile:
    """One Python file. `raw` are its bytes as they were read, `module` is its concrete syntax tree."""

    path: Path
    raw: bytes
    module: cst.Module

    @classmethod
    def read(cls, path: Path) -> "UserFile":
        """Raises `SourceError` for what can't be read, or is no Python."""
        try:
            return cls.of(path, path.read_bytes())
        except OSError as error:
            raise SourceError(f"{path} can't be read: {error.strerror}") from None

    @classmethod
    def of(cls, path: Path, raw: bytes) -> "UserFile":
        """The file that would hold these bytes. Raises `SourceError` for what is no Python."""
        try:
            return cls(path, raw, cst.parse_module(raw))
        except cst.ParserSyntaxError as error:
            raise SourceError(f"{path} is not Python: {error.message}, line {error.raw_line}") from None
        except (UnicodeDecodeError, LookupError, SyntaxError) as error:
            raise SourceError(f"{path} can't be decoded: {error}") from None

    @property
    def text(self) -> str:
        """The file's characters, line ends included."""
        return self.raw.decode(self.module.encoding)

    @property
    def longest_line(self) -> int:
        """The number of characters in the longest line of code, comments and strings included."""
        return max(map(len, self.text.splitlines()), default=0)

    def changed(self, module: cst.Module) -> bytes:
        """The bytes of the file once it holds `module`: lines that mean the same keep the author's bytes."""
        code = module.code
        if self.module.code != self.text:
            code = "".join(_restored(self.text, self.module.code, code))
        return code.encode(module.encoding)


def _restored(text: str, seen: str, changed: str) -> Iterator[str]:
    """The lines of `changed`, which came of `seen`; those that it left alone as they stand in the author's `text`.

    libcst drops form feeds, and nothing else that is known: each line has its like in the text.
    """
    authors, before, after = (_lines(one) for one in (text, seen, changed))
    if len(authors) != len(before):
        authors = before
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield from authors[start:end] if kind == "equal" else after[new_start:new_end]


def _lines(text: str) -> list[str]:
    """Lines with their ends as the author wrote them; a form feed ends none."""
    return StringIO(text, newline="").readlines()
