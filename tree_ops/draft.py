"""A candidate's file while it is being written: what is replaced in it, set afterwards, and added to it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archgraft.tree_ops.builder import BUILDER, ORIGIN_MARK, split_builder
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.merge import Addition, assemble, prune
from archgraft.tree_ops.overrides import override, settle
from archgraft.tree_ops.source_text import insert_before_return, read_site
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree import CodeSite

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

    def __init__(self, source: str, spec_of: Callable[[str], ModuleSpec]) -> None:
        self._source = source
        self._text = SourceBytes(source)
        self._spec_of = spec_of
        self._parts: list[tuple[str, str]] = []  # source, name in it
        self._changes: list[TextEdit] = []
        self._overrides: list[tuple[str, str]] = []  # path, expression

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
        end = self._text.offset(site.end_line, site.end_column)
        if any(start < other.end and other.start < end for other in self._changes):
            return False
        self._changes.append(TextEdit(start, end, text))
        return True

    def read(self, site: CodeSite) -> str:
        """The text of an expression, as it stood before any change."""
        return read_site(self._source, site)

    @property
    def n_replaced(self) -> int:
        """How many expressions have been replaced."""
        return len(self._changes)

    def override(self, path: str, expression: str) -> None:
        """Set the module at a path once the model is built."""
        self._overrides.append((path, expression))

    def finish(self) -> Written:
        """The whole file: parts merged in, slots named, leftovers pruned."""
        head, builder = split_builder(self._text.apply(self._changes))
        if self._overrides:
            builder = insert_before_return(builder, BUILDER, [override(*each) for each in self._overrides])
        additions = {f"{_SLOT}{index}_": Addition(*part) for index, part in enumerate(self._parts)}
        assembled = assemble(head + settle(builder), additions, [BUILDER], _IMPORTS)
        return Written(assembled.source, assembled.names, len(self._overrides))


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
    """The expression with torch.nn's names as every candidate's file knows them."""
    return expression.replace("torch.nn.", "nn.")
