"""Where the parts of statements stand in their text, and the line edits that take parts out without harm.

Works by whole lines: a removed arm of an `if` takes its own comments along, a block that replaces its `if` moves to the
left, and lines that begin inside a string are never moved, since that would change the string.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

from archgraft.tree_ops.text_edits import SourceBytes, TextEdit

_HEADER_END = re.compile(rb"[\s)\\]*:")
_ELSE = re.compile(rb"[ \t]*else[ \t]*:")
_COMMENT = re.compile(rb"[ \t]*#")
_BLANK = re.compile(rb"[ \t\r\f]*$")

Arm = tuple[ast.If | None, Sequence[ast.stmt]]
"""One arm of an `if` chain: its `if` or `elif` node (None for `else`) and its block."""


class Layout:
    """The lines of one text, and what is to become of each."""

    def __init__(self, text: str, statements: Sequence[ast.stmt]) -> None:
        self.source = SourceBytes(text)
        self._statements = statements
        self._lines = self.source.data.split(b"\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._edits: list[TextEdit] = []
        self._gone: set[int] = set()
        self._moved: dict[int, int] = {}

    def add(self, edit: TextEdit) -> None:
        """Take an edit of an expression along."""
        self._edits.append(edit)

    def edits(self) -> list[TextEdit]:
        """All edits: lines that go, lines that move to the left, and what was added."""
        found = list(self._edits)
        for first, last in self._gone_runs():
            start, end = self.source.lines_span(first, last)
            is_end = last == len(self._lines) and first > 1
            found.append(TextEdit(start - is_end, end, ""))
        for line, n_columns in self._moved.items():
            if line not in self._gone and line not in self._string_lines:
                start = self._starts[line - 1]
                found.append(TextEdit(start, start + min(n_columns, self._indent(line)), ""))
        return sorted(found)

    # Questions

    def has_own_lines(self, statement: ast.stmt) -> bool:
        """Whether the statement shares no line with another one."""
        before = self._lines[_first_line(statement) - 1][: _first_column(statement)]
        after = self.source.data[self.source.end(statement) :].split(b"\n", 1)[0]
        return not before.strip() and (not after.strip() or after.lstrip().startswith(b"#"))

    def has_plain_header(self, node: ast.If) -> bool:
        """Whether nothing but closing brackets stands between the test and its colon."""
        return _HEADER_END.match(self.source.data, self.source.end(node.test)) is not None

    def arms(self, statement: ast.If) -> list[Arm]:
        """All arms of an `if` chain, in order."""
        found: list[Arm] = []
        node: ast.If | None = statement
        while node is not None:
            found.append((node, node.body))
            following = node.orelse[0] if len(node.orelse) == 1 else None
            if isinstance(following, ast.If) and self.source.data.startswith(b"elif", self.source.start(following)):
                node = following
                continue
            if node.orelse:
                found.append((None, node.orelse))
            node = None
        return found

    # Removal

    def remove(self, statement: ast.stmt) -> None:
        """Take out a statement with the comments directly above it, and those that belong to its last block."""
        first = _first_line(statement)
        while first > 1 and self._is_comment(first - 1) and self._indent(first - 1) == _first_column(statement):
            first -= 1
        last = statement.end_lineno or statement.lineno
        if hasattr(statement, "body"):
            last = self._tail(last, statement.col_offset)
        self._gone.update(range(first, last + 1))

    def replace_by_pass(self, statement: ast.stmt) -> None:
        """Write `pass` in the statement's place."""
        start = self._starts[_first_line(statement) - 1] + _first_column(statement)
        self._edits.append(TextEdit(start, self.source.end(statement), "pass"))

    def shorten(self, statement: ast.If, kept: Sequence[Arm]) -> None:
        """Leave only some arms of a chain; an arm that came with a test and is kept without one becomes the `else`."""
        by_body = {id(body[0]): node for node, body in kept}
        is_first = True
        for (node, body), (first, last) in zip(self.arms(statement), self._arm_lines(statement), strict=True):
            if id(body[0]) not in by_body:
                self._gone.update(range(first, last + 1))
                continue
            if node is not None and by_body[id(body[0])] is None:
                self._edits.append(TextEdit(self.source.start(node), self._header_end(node), "else:"))
            elif node is not None and is_first and node is not statement:
                start = self.source.start(node)
                self._edits.append(TextEdit(start, start + len("el"), ""))
            is_first = False

    def inline(self, statement: ast.If, body: Sequence[ast.stmt]) -> None:
        """Put one arm's block in the place of the whole chain."""
        spans = self._arm_lines(statement)
        number = next(n for n, (_, block) in enumerate(self.arms(statement)) if block[0] is body[0])
        node = self.arms(statement)[number][0]
        header, last = self._header_lines(statement, number, node)
        first_of_body = _first_line(body[0])
        if first_of_body == header[1]:
            start = self._starts[header[0] - 1] + statement.col_offset
            body_start = self._starts[first_of_body - 1] + _first_column(body[0])
            self._edits.append(TextEdit(start, body_start, ""))
            self._gone.update(range(statement.lineno, header[0]))
        else:
            self._gone.update(range(statement.lineno, header[1] + 1))
            n_columns = _first_column(body[0]) - statement.col_offset
            for line in range(header[1] + 1, last + 1):
                self._moved[line] = self._moved.get(line, 0) + n_columns
        self._gone.update(range(last + 1, spans[-1][1] + 1))

    # Lines

    def _header_lines(self, statement: ast.If, number: int, node: ast.If | None) -> tuple[tuple[int, int], int]:
        """First and last line of an arm's header, and the last line of its block."""
        last = self._arm_lines(statement)[number][1]
        if node is None:
            line = self._else_line(statement)
            return (line, line), last
        return (node.lineno, bisect_right(self._starts, self._header_end(node) - 1)), last

    def _arm_lines(self, statement: ast.If) -> list[tuple[int, int]]:
        """First and last line of each arm, with the comments before its keyword and at the end of its block."""
        spans: list[tuple[int, int]] = []
        for _, body in self.arms(statement):
            first = spans[-1][1] + 1 if spans else statement.lineno
            spans.append((first, self._tail(body[-1].end_lineno or body[-1].lineno, statement.col_offset)))
        return spans

    def _else_line(self, statement: ast.If) -> int:
        *_, (_, before), (_, body) = self.arms(statement)
        for line in range((before[-1].end_lineno or 0) + 1, _first_line(body[0]) + 1):
            if _ELSE.match(self._lines[line - 1]):
                return line
        raise AssertionError("an if with an else block has a line that says else")

    def _header_end(self, node: ast.If) -> int:
        found = _HEADER_END.match(self.source.data, self.source.end(node.test))
        assert found is not None, "only arms with a plain header are decided"
        return found.end()

    def _tail(self, last: int, column: int) -> int:
        """The last of the comment lines after `last` that are indented deeper than `column`."""
        line = last
        while line < len(self._lines):
            line += 1
            if self._is_comment(line) and self._indent(line) > column:
                last = line
            elif not _BLANK.match(self._lines[line - 1]):
                break
        return last

    def _gone_runs(self) -> Iterator[tuple[int, int]]:
        """Runs of lines that go, with blank lines that would be left doubled, at a block's start or at the end."""
        last = 0
        for line in sorted(self._gone):
            if line <= last:
                continue
            last = line
            while last + 1 in self._gone or self._is_left_over(line, last):
                last += 1
            before = line
            while last == len(self._lines) and before > 1 and self._is_blank(before - 1):
                before -= 1
            yield before, last

    def _is_left_over(self, first: int, last: int) -> bool:
        """Whether the line after a run is blank and needed neither as a distance nor as part of a string."""
        after = last + 1
        while after <= len(self._lines) and self._is_blank(after):
            after += 1
        if after == last + 1:
            return False
        is_start = first == 1 or self._is_blank(first - 1) or self._lines[first - 2].endswith(b":")
        return is_start or after in self._gone or after > len(self._lines)

    def _indent(self, line: int) -> int:
        text = self._lines[line - 1]
        return len(text) - len(text.lstrip(b" \t"))

    def _is_blank(self, line: int) -> bool:
        return line not in self._string_lines and _BLANK.match(self._lines[line - 1]) is not None

    def _is_comment(self, line: int) -> bool:
        return line not in self._string_lines and _COMMENT.match(self._lines[line - 1]) is not None

    @cached_property
    def _string_lines(self) -> set[int]:
        """Lines that begin inside a string."""
        found: set[int] = set()
        stack: list[ast.AST] = list(self._statements)
        while stack:
            node = stack.pop()
            is_text = isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
            )
            if not is_text:
                stack.extend(ast.iter_child_nodes(node))
                continue
            assert isinstance(node, ast.expr)
            if node.end_lineno is not None and node.end_lineno > node.lineno:
                text = self.source.data[self.source.start(node) : self.source.end(node)]
                if b'"""' in text or b"'''" in text or b"\\\n" in text:
                    found.update(range(node.lineno + 1, node.end_lineno + 1))
        return found


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _first_column(node: ast.stmt) -> int:
    # The `@` of a decorator stands in the column of what it decorates.
    return node.col_offset
