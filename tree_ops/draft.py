"""A candidate's file while it is being written: what is replaced in it, set afterwards, and added to it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from archgraft.tree_ops.builder import BUILDER, ORIGIN_MARK
from archgraft.tree_ops.class_sources import ClassSources, class_sources
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.line_length import shortened
from archgraft.tree_ops.merge import Addition, assemble, prune
from archgraft.tree_ops.module_access import Access
from archgraft.tree_ops.overrides import IN_BUILDER, Override, Owner, override
from archgraft.tree_ops.settling import settled
from archgraft.tree_ops.source_text import read_site
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree import CodeSite, Tree

_ADAPTER_FILE = Path(__file__).with_name("adapter_modules.py")
_SLOT = "ARCHGRAFT_SLOT_"
_IMPORTS = ("import collections", "import functools", "import types", "import torch", "from torch import nn")


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file. `names` say what each slot of the draft is called in it."""

    source: str
    names: dict[str, str]
    n_overrides: int


class Draft:
    """One candidate's file. Text outside of what is changed stays as its author wrote it.

    Definitions that are added get a slot, which stands in expressions for their name: names are settled only when the
    parts are merged into the file, where one of them may be taken.
    """

    def __init__(self, tree: Tree, spec_of: Callable[[str], ModuleSpec], owner: Owner = IN_BUILDER) -> None:
        self._source = tree.source
        self._text = SourceBytes(tree.source)
        self._spec_of = spec_of
        self._owner = owner
        self._access = Access(tree, owner.variable)
        self._parts: list[tuple[str, str]] = []  # source, name in it
        self._changes: list[TextEdit] = []
        self._insertions: dict[int, list[str]] = {}
        self._overrides: list[Override] = []
        self._defined: set[str] = set()
        self._moved: dict[str, str | None] = {}

    def part(self, source: str, name: str) -> str:
        """The slot of a definition of some self-contained source."""
        if (source, name) not in self._parts:
            self._parts.append((source, name))
        return f"{_SLOT}{self._parts.index((source, name))}_"

    def adapter(self, name: str) -> str:
        """The slot of an adapter class, or the name of one of torch."""
        return name if name.startswith("nn.") else self.part(adapter_source(name), name)

    def module(self, module_id: str) -> str:
        """The slot of a library module's class, which gets a line of credit above it."""
        spec = self._spec_of(module_id)
        return self.part(with_origin(spec), spec.class_name)

    def call(self, adapter: Adapter, *positional: str) -> str:
        """The call of an adapter on some expressions."""
        given = [*positional, *(f"{name}={short(value)}" for name, value in adapter.arguments)]
        return f"{self.adapter(adapter.name)}({', '.join(given)})"

    def graft(self, graft: Graft) -> str:
        """The expression of a graft."""
        core = f"{self.module(graft.module_id)}({keywords(graft.arguments)})"
        for adapter in graft.wrappers:
            core = self.call(adapter, core)
        pipeline = [*map(self.call, graft.before), core, *map(self.call, graft.after)]
        text = core if len(pipeline) == 1 else f"nn.Sequential({', '.join(pipeline)})"
        for adapter in graft.outer:
            text = self.call(adapter, text)
        return text

    def graft_class(self, graft: Graft) -> str:
        """The class of a graft's outermost call."""
        if graft.outer:
            return self.adapter(graft.outer[-1].name)
        if graft.before or graft.after:
            return "torch.nn.Sequential"
        return self.adapter(graft.wrappers[-1].name) if graft.wrappers else self.module(graft.module_id)

    def replace(self, site: CodeSite, text: str) -> bool:
        """Put a text where an expression stands. False, and nothing done, when an earlier change lies there."""
        start = self._text.offset(site.line, site.column)
        return self.change(TextEdit(start, self._text.offset(site.end_line, site.end_column), text))

    def change(self, change: TextEdit) -> bool:
        """Put a text in the place of another. False, and nothing done, when an earlier change lies there."""
        if any(change.start < other.end and other.start < change.end for other in self._changes):
            return False
        self._changes.append(change)
        return True

    def has(self, change: TextEdit) -> bool:
        """Whether just this change has been made."""
        return change in self._changes

    def read(self, site: CodeSite) -> str:
        """The text of an expression, as it stood before any change."""
        return read_site(self._source, site)

    def insert(self, edit: TextEdit) -> None:
        """Put a text between others; what is put at one place stands there in that order."""
        self._insertions.setdefault(edit.start, []).append(edit.replacement)

    @cached_property
    def classes(self) -> ClassSources:
        """The classes of the file, as they stood before any change."""
        return class_sources(self._source)

    def free_name(self, wanted: str) -> str:
        """A name for a new definition: the one wanted, or that with a number."""
        name, number = self.classes.free_name(wanted), 2
        while name in self._defined:
            name, number = self.classes.free_name(f"{wanted}{number}"), number + 1
        return name

    def define(self, name: str, code: str, behind: ast.ClassDef) -> None:
        """Add a definition that needs nothing but what the file has, below a class of it."""
        assert behind.end_lineno is not None
        _, end = self._text.lines_span(behind.lineno, behind.end_lineno)
        self._defined.add(name)
        self.insert(TextEdit(end, end, f"\n\n{code}\n"))

    def moved(self, path: str, slot: str | None) -> None:
        """Say that a call now makes something else at a path: what it made before stands in a slot of it, or is gone.

        Overrides of what lies below go along.
        """
        self._moved[path] = slot

    def override(self, path: str, expression: str, *, is_rebuilt: bool = False) -> None:
        """Set the module at a path once the model is built.

        `is_rebuilt` says that the expression builds the same module anew: what was set inside it is set again.
        """
        target, settled = self._access.to(path), self._access.settled(expression)
        self._overrides.append(override(target, settled, self._owner.variable, is_rebuilt=is_rebuilt))

    def finish(self) -> Written:
        """The whole file: parts merged in, slots named, leftovers pruned."""
        inserted = [TextEdit(at, at, "".join(texts)) for at, texts in self._insertions.items()]
        source = self._text.apply([*self._changes, *inserted])
        source = settled(source, self._source, self._owner, self._overrides, self._moved)
        additions = {f"{_SLOT}{index}_": Addition(*part) for index, part in enumerate(self._parts)}
        assembled = assemble(source, additions, [BUILDER], _IMPORTS)
        known = {line for text in (self._source, *(part for part, _ in self._parts)) for line in text.split("\n")}
        return Written(shortened(assembled.source, known), assembled.names, len(self._overrides))


def with_origin(spec: ModuleSpec) -> str:
    """A mined source with a line above its class that says where it comes from and under which licence."""
    lines = spec.source.splitlines(keepends=True)
    for statement in parse(spec.source).body:
        if isinstance(statement, ast.ClassDef) and statement.name == spec.class_name:
            first = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])
            lines.insert(first - 1, f"{credit(spec)}\n")
    return "".join(lines)


def credit(spec: ModuleSpec) -> str:
    """One line of comment that names a module's origin and licence."""
    origin = spec.origin
    version = f" {origin.version}" if origin.version else ""
    return f"{ORIGIN_MARK}{origin.source}{version}, {origin.path}:{origin.line} ({origin.licence}), module {spec.id}."


@cache
def adapter_source(name: str) -> str:
    """One class of `adapter_modules` as self-contained source."""
    return prune(_ADAPTER_FILE.read_text(encoding="utf-8"), [name])


def keywords(arguments: tuple[tuple[str, str], ...]) -> str:
    """Arguments as a call writes them."""
    return ", ".join(f"{name}={short(value)}" for name, value in arguments)


def short(expression: str) -> str:
    """The expression with torch.nn's names as every candidate's file knows them, and texts in double quotes."""
    simple = not any(mark in expression for mark in '"\\')
    return (expression.replace("'", '"') if simple else expression).replace("torch.nn.", "nn.")
