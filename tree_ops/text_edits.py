"""Replacing spans of source text by the positions that `ast` gives (lines from 1, columns in bytes of UTF-8)."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

Located = ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """Replace the bytes from `start` to `end`."""

    start: int
    end: int
    replacement: str


class SourceBytes:
    """A text whose spans are addressed as `ast` does it."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8")
        self._starts = [0]
        for line in self.data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    @property
    def line_end(self) -> str:
        """How lines end: as the first one does."""
        return "\r\n" if self.data[: self._starts[1]].endswith(b"\r\n") else "\n"

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def start(self, node: Located) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Located) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8")

    def lines_span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of whole lines, the last line's end included."""
        return self._starts[first - 1], min(self._starts[last], len(self.data))

    def line(self, number: int) -> bytes:
        """One line without its end."""
        return self.data[self._starts[number - 1] : self._starts[number] - 1]

    def is_blank(self, number: int) -> bool:
        return not self.line(number).strip()

    def is_comment(self, number: int, column: int) -> bool:
        """Whether a line holds nothing but a comment that starts in a column."""
        line = self.line(number)
        return line[column : column + 1] == b"#" and not line[:column].strip()

    def find_word(self, word: str, start: int, end: int) -> int:
        """Offset of a whole word. Raises `ValueError` when it isn't there."""
        found = re.search(rb"(?<![\w.])" + re.escape(word.encode()) + rb"(?!\w)", self.data[start:end])
        if found is None:
            raise ValueError(f"{word} is not in {self.text(start, end)!r}")
        return start + found.start()

    def apply(self, edits: Iterable[TextEdit]) -> str:
        """The text with all edits done; of edits that overlap, the widest counts."""
        parts: list[bytes] = []
        position = 0
        for edit in sorted(set(edits), key=lambda edit: (edit.start, -edit.end)):
            if edit.start < position:
                continue
            parts += [self.data[position : edit.start], edit.replacement.encode("utf-8")]
            position = edit.end
        return b"".join([*parts, self.data[position:]]).decode("utf-8")
