"""One Python file as the miner sees it: its top-level statements and what each binds. The syntax tree is not kept.

A `Piece` is the unit of extraction: one top-level statement with the comments that stand directly above it, cut out by
whole lines. A compound statement (`if`, `try`, `with`) is one piece, whatever it binds inside.
"""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from archgraft.tree_ops.file_texts import SourceText
from archgraft.tree_ops.scopes import ImportNode, bound_name
from archgraft.tree_ops.sources import SourceRoot

Guard = Literal["", "try", "if", "typing"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import binds: a module (`attribute` is None) or a name out of one. `module` is absolute."""

    module: str
    attribute: str | None
    alias: str
    dotted: bool
    """Written `import a.b.c`: it binds `a`."""
    relative: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a module binds a name."""

    piece: int
    imported: Imported | None
    guard: Guard
    is_definition: bool = False
    """Whether a function or class statement binds the name."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One top-level statement: lines `start` to `end` (from 1, inclusive), the statement itself from `line` on."""

    index: int
    start: int
    line: int
    end: int
    is_import: bool
    defines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassHeader:
    """A top-level class and its bases as dotted names."""

    name: str
    bases: tuple[str, ...]
    line: int


@dataclass(slots=True)
class ModuleSource:
    """A parsed file. `augmenters` maps a name to the pieces that change its object after it was bound.

    `calls` maps a name to the pieces that do nothing but call it: what they are for shows in what it does.
    Its text is read when it is asked for, so `lines`, `header` and `text_of` raise `SourceError` when the file is no
    longer what was indexed.
    """

    name: str
    path: Path
    root: SourceRoot | None
    is_package: bool
    text: SourceText
    pieces: list[Piece] = field(default_factory=list)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    augmenters: dict[str, list[int]] = field(default_factory=dict)
    calls: dict[str, list[int]] = field(default_factory=dict)
    stars: list[Imported] = field(default_factory=list)
    dotted_imports: list[str] = field(default_factory=list)
    classes: list[ClassHeader] = field(default_factory=list)
    postponed_annotations: bool = False
    n_header_lines: int = 0
    """Lines before the first statement that are not that statement's own comment; a docstring counts as header."""

    @property
    def lines(self) -> list[str]:
        """The file's lines, each with its end."""
        return self.text.lines()

    def text_of(self, piece: Piece) -> str:
        """The piece's lines, comments above it included, without the last line's end."""
        return "".join(self.lines[piece.start - 1 : piece.end]).rstrip("\n")

    @property
    def header(self) -> str:
        """Comments and docstring at the top of the file."""
        return "".join(self.lines[: self.n_header_lines]).strip("\n")


def imported_name(module: ModuleSource, node: ImportNode, alias: ast.alias) -> Imported:
    """What one alias of an import statement of `module` refers to."""
    name = bound_name(alias, node)
    if isinstance(node, ast.Import):
        dotted = alias.asname is None and "." in alias.name
        return Imported(alias.name, None, name, dotted, relative=False)
    source = node.module or ""
    if node.level:
        parts = module.name.split(".")
        keep = len(parts) - node.level + (1 if module.is_package else 0)
        source = ".".join([*parts[: max(keep, 0)], *([node.module] if node.module else [])])
    return Imported(source, alias.name, name, dotted=False, relative=bool(node.level))


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` for a chain of names (a subscript's value counts), or an empty text."""
    attributes: list[str] = []
    while isinstance(node, ast.Subscript | ast.Attribute):
        if isinstance(node, ast.Attribute):
            attributes.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(attributes)]) if isinstance(node, ast.Name) else ""
