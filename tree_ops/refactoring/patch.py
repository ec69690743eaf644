"""Changes of files as a patch that `git apply` takes."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_N_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; `before` is None for a new one. `name` is its path from the repository's root."""

    name: PurePosixPath
    before: bytes | None
    after: bytes


def patch_of(changes: Sequence[FileChange]) -> bytes:
    """The unified diff of all changes, in git's form, with paths from the repository's root."""
    return b"".join(part for change in changes for part in _file_diff(change))


def n_changed_lines(changes: Sequence[FileChange]) -> int:
    """How many lines the patch takes away or adds."""
    return sum(
        sum(line[:1] in (b"+", b"-") for line in hunk.splitlines(keepends=True))
        for change in changes
        for hunk in _hunks(change)
    )


def _file_diff(change: FileChange) -> Iterator[bytes]:
    if change.before == change.after:
        return
    old, new = (_quoted(f"{side}/{change.name}") for side in "ab")
    yield f"diff --git {old} {new}\n".encode()
    if change.before is None:
        yield b"new file mode 100644\n"
    yield f"--- {_ended(old) if change.before is not None else '/dev/null'}\n+++ {_ended(new)}\n".encode()
    yield from _hunks(change)


def _hunks(change: FileChange) -> Iterator[bytes]:
    """Lines end at line feeds only, as git counts them."""
    before, after = (_lines(text) for text in (change.before or b"", change.after))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(_N_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n".encode()
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                yield from (_line(b" ", line) for line in before[start:end])
            else:
                yield from (_line(b"-", line) for line in before[start:end])
                yield from (_line(b"+", line) for line in after[new_start:new_end])


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n" + _NO_NEWLINE.encode()


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _ended(name: str) -> str:
    """A name with a space ends in a tab, where a time could follow."""
    return f"{name}\t" if " " in name else name


def _quoted(name: str) -> str:
    """A name as git writes it: in quotes where it holds what could be misread."""
    if all(character.isprintable() and character.isascii() and character not in '"\\' for character in name):
        return name
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03o}" for byte in name.encode()
    )
    return f'"{escaped}"'
