"""Where copied modules go: a new file beside the user's, or one that is there already."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archgraft.tree_ops.draft import credit, with_origin
from archgraft.tree_ops.merge import merge
from archgraft.tree_ops.refactoring.edits import AddDefinitions
from archgraft.tree_ops.refactoring.symbols import FileSymbols, Symbol, bindings, pascal_case
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.syntax import parse


@dataclass
class NewSource:
    """Definitions to write into `path`, the module `module`; `symbols` are that file's names where it exists."""

    path: Path
    module: str
    symbols: FileSymbols | None = None
    existing: str = ""
    """The text of the file where it exists: what is in it already is used as it is."""
    _text: str = ""
    _credits: list[str] = field(default_factory=list)
    _reserved: tuple[str, ...] = ()

    def add_module(self, spec: ModuleSpec) -> Symbol:
        """Take in a mined module with all it needs; what it is called here."""
        self._credits.append(credit(spec))
        alias = f"{pascal_case(spec.origin.source.rpartition('/')[2])}{spec.class_name}"
        if self.symbols is None or spec.source.strip() in self.existing:
            return self.add(spec.source, spec.class_name, alias)
        return self.add(with_origin(spec), spec.class_name, alias)

    def add(self, source: str, name: str, alias: str = "") -> Symbol:
        """Take in a definition of a self-contained source with all it needs; what it is called here."""
        source = _without_docstring(source)
        if self.existing and source.strip() in self.existing:
            return Symbol(self.module, name, self.path, alias)
        if not self._text and self.symbols is not None:
            self._reserved = tuple(sorted(_clashing(self.symbols, source)))
            self._text = "".join(f"{taken} = None\n" for taken in self._reserved)
        if self._text:
            merged = merge(self._text, source, name)
            self._text, name = merged.source, merged.class_name
        else:
            self._text = source
        return Symbol(self.module, name, self.path, alias)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self._text

    def file_text(self) -> str:
        """The whole text of a new file."""
        credits = dict.fromkeys(self._credits)
        header = "".join(f"{line}\n" for line in credits)
        return f"{header}\n{self._text}" if header else self._text

    def pasted(self, before: str | None) -> AddDefinitions:
        """The definitions as an addition to a file that exists; notes the imports that they need there."""
        assert self.symbols is not None
        tree = parse(self._text)
        kept = [one for one in tree.body if not _is_stand_in(one, self._reserved)]
        for statement in kept:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                _need(self.symbols, statement)
        lines = self._text.splitlines(keepends=True)
        body = [one for one in kept if not isinstance(one, ast.Import | ast.ImportFrom)]
        return AddDefinitions("".join(_with_comments(lines, body)), before)


def _without_docstring(source: str) -> str:
    """What a source says of itself isn't true of a file that holds a part of it."""
    first = next(iter(parse(source).body), None)
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return "".join(source.splitlines(keepends=True)[first.end_lineno :]).lstrip("\n")
    return source


def _with_comments(lines: Sequence[str], body: Sequence[ast.stmt]) -> list[str]:
    """The text of statements, with the comments right above them."""
    found: list[str] = []
    for number, statement in enumerate(body):
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(one.lineno for one in decorators)]) - 1
        while first and lines[first - 1].startswith("#"):
            first -= 1
        found += ["\n", "\n"] * bool(number) + list(lines[first : statement.end_lineno])
    return found


def _clashing(symbols: FileSymbols, source: str) -> set[str]:
    """Names that the file has, and that mean something else in the source."""
    same = {
        name
        for statement in parse(source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for name, module, attribute in bindings(statement)
        if symbols.has(name, module, attribute)
    }
    return {name for name in symbols.taken - same if name.isidentifier()}


def _need(symbols: FileSymbols, statement: ast.Import | ast.ImportFrom) -> None:
    for alias, (name, module, attribute) in zip(statement.names, bindings(statement)):
        if not symbols.has(name, module, attribute):
            one = ast.copy_location(type(statement)(**{**vars(statement), "names": [alias]}), statement)
            symbols.needed_lines[ast.unparse(one)] = module


def _is_stand_in(statement: ast.stmt, reserved: Sequence[str]) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id in reserved
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is None
    )
