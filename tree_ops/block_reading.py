"""Reads a text that is read again and again with small changes: blocks that have not changed are not parsed anew.

A candidate's file differs from its parent's in a line or two. It is cut before each top-level definition; where each
block is Python by itself, the file is these blocks one after the other, so each can be read alone and remembered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from archgraft.tree_ops.file_texts import HeldText, lines_of
from archgraft.tree_ops.module_reader import parse_module
from archgraft.tree_ops.modules import Binding, ModuleSource
from archgraft.tree_ops.recently_used import remembered_by_text

_MAX_CHARACTERS = 2**19
_DEFINITIONS = ("def ", "class ", "async def ")
_Read = TypeVar("_Read")


def read_text(text: str, name: str) -> ModuleSource:
    """What `module_reader.parse_module` gives for a text without relative imports. Raises as that does."""
    path = Path(f"{name}.py")
    module = ModuleSource(name, path, None, is_package=False, text=HeldText(lines_of(text)))
    n_lines = 0
    for block, found in blocks(text, name):
        if found is None:
            return parse_module(text, name, path)
        _append(module, found, n_lines)
        n_lines += block.count("\n")
    starts_with_code = not module.pieces or module.pieces[0].start > module.n_header_lines
    return module if starts_with_code else parse_module(text, name, path)


def blocks(text: str, name: str) -> Iterator[tuple[str, ModuleSource | None]]:
    """The text in blocks that are Python by themselves, and what each is; None for a last one that isn't."""
    return blocks_by(text, lambda block: _read_block(block, name))


def blocks_by(text: str, read: Callable[[str], _Read | None]) -> Iterator[tuple[str, _Read | None]]:
    """The same in the words of any reader that gives None for what is no Python by itself."""
    pending = ""
    for block in _cut(text):
        pending += block
        found = read(pending)
        if found is not None:  # else the cut went through a text that spans lines: the block is longer
            yield pending, found
            pending = ""
    if pending:
        yield pending, None


def _cut(text: str) -> Iterator[str]:
    """The text cut before each top-level definition, its decorators and the comments directly above it."""
    lines = text.splitlines(keepends=True) if "\r" not in text and "\f" not in text else [text]
    start = 0
    decorated = False
    for number, line in enumerate(lines):
        is_definition = line.startswith(_DEFINITIONS)
        if not decorated and (is_definition or line.startswith("@")):
            first = number
            while first > start and lines[first - 1].startswith("#"):
                first -= 1
            if first > start:
                yield "".join(lines[start:first])
            start = first
        decorated = not is_definition and (decorated or line.startswith("@"))
    yield "".join(lines[start:])


@remembered_by_text(_MAX_CHARACTERS)
def _read_block(block: str, name: str) -> ModuleSource | None:
    """The block as a file of its own; None when it is none."""
    try:
        return parse_module(block, name, Path(f"{name}.py"))
    except (SyntaxError, ValueError):
        return None


def _append(module: ModuleSource, block: ModuleSource, n_lines: int) -> None:
    """Add what a block binds and changes; it stands behind `n_lines` of the module."""
    n_pieces = len(module.pieces)
    for piece in block.pieces:
        module.pieces.append(
            replace(
                piece,
                index=piece.index + n_pieces,
                start=piece.start + n_lines,
                line=piece.line + n_lines,
                end=piece.end + n_lines,
            )
        )
    for name, bindings in block.bindings.items():
        module.bindings.setdefault(name, []).extend(_behind(bindings, n_pieces))
    for name, pieces in block.augmenters.items():
        module.augmenters.setdefault(name, []).extend(piece + n_pieces for piece in pieces)
    for name, pieces in block.calls.items():
        module.calls.setdefault(name, []).extend(piece + n_pieces for piece in pieces)
    module.stars += block.stars
    module.dotted_imports += block.dotted_imports
    module.classes += (replace(header, line=header.line + n_lines) for header in block.classes)
    module.postponed_annotations |= block.postponed_annotations
    if not n_lines:
        module.n_header_lines = block.n_header_lines


def _behind(bindings: Iterable[Binding], n_pieces: int) -> Iterator[Binding]:
    return (replace(binding, piece=binding.piece + n_pieces) for binding in bindings)
