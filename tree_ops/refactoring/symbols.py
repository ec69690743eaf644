"""What the code of a refactoring calls: symbols by where they are defined, spelled as each file knows them."""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archgraft.tree_ops.syntax import parse


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name of a module. `file` is the module's file where that belongs to the user: imports of it may be relative."""

    module: str
    name: str
    file: Path | None = None
    alias: str = field(default="", compare=False)
    """What to call it where its own name is taken."""
    defined: str | None = field(default="", compare=False)
    """`module:name` of the class where that is another than this symbol's; None where it is no class, but makes one."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name of a file was imported as: a module, or an attribute of one."""

    module: str
    attribute: str | None
    level: int = 0
    file: Path | None = None


class FileSymbols:
    """The names of one file: which it has for a symbol, and which imports it needs for those that it lacks."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.needed: dict[Symbol, str] = {}
        """Symbols to import, with the names that they get."""
        self.needed_lines: dict[str, str] = {}
        """Import statements that pasted code needs as they are, with the module that each is for."""
        tree = parse(text)
        self._bound = dict(_imports(path, tree))
        self._taken = set(_all_names(tree))
        self._is_relative = any(bound.level for bound in self._bound.values())

    def copy(self) -> "FileSymbols":
        """The same names, to try something with."""
        twin = copy.copy(self)
        twin.needed, twin.needed_lines, twin._taken = dict(self.needed), dict(self.needed_lines), set(self._taken)
        return twin

    def spell(self, symbol: Symbol) -> str:
        """The expression that means the symbol in this file; notes the import that it needs."""
        if symbol.file == self.path and symbol.file is not None:
            return symbol.name
        known = self.needed.get(symbol) or self._known(symbol)
        if known is not None:
            return known
        if symbol.module == "torch.nn":
            module = Symbol("torch", "nn")
            return f"{self._known(module) or self._import(module)}.{symbol.name}"
        return self._import(symbol)

    @property
    def taken(self) -> frozenset[str]:
        """Every name that the file binds or uses anywhere."""
        return frozenset(self._taken)

    def has(self, name: str, module: str, attribute: str | None) -> bool:
        """Whether a name is imported as just this, by an unconditional import at top level."""
        bound = self._bound.get(name)
        return bound is not None and bound.level == 0 and _whole(bound) == _whole(Bound(module, attribute))

    def free(self, wanted: str) -> str:
        """A name like this one that the file does not use, now taken."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name

    def statement_of(self, symbol: Symbol) -> tuple[str, str]:
        """The module and the dots before it, as an import statement of this file writes them."""
        if symbol.file is None:
            return "", symbol.module
        if self._is_relative and (relative := _relative(symbol.file, self.path)) is not None:
            return relative
        return "", symbol.module

    def _known(self, symbol: Symbol) -> str | None:
        for name, bound in self._bound.items():
            if bound.attribute == symbol.name and _same_module(bound, symbol):
                return name
        for name, bound in self._bound.items():
            if _whole(bound) == symbol.module and bound.level == 0:
                return f"{name}.{symbol.name}"
        for name, bound in self._bound.items():
            if bound.attribute is None and name == "torch" and symbol.module.startswith("torch.nn"):
                return f"{symbol.module}.{symbol.name}"
        return None

    def _import(self, symbol: Symbol) -> str:
        name = symbol.name
        if name in self._taken:
            top = symbol.file.stem if symbol.file is not None else symbol.module.partition(".")[0]
            name = self.free(symbol.alias or pascal_case(top) + symbol.name)
        self._taken.add(name)
        self.needed[symbol] = name
        return name


def snake_case(name: str) -> str:
    """`KANLinear` as `kan_linear`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def pascal_case(name: str) -> str:
    """`vit_pytorch` as `VitPytorch`."""
    return "".join(part.capitalize() for part in re.split(r"\W|_", name) if part)


def bindings(statement: ast.Import | ast.ImportFrom) -> list[tuple[str, str, str | None]]:
    """Each name that an import binds, with the module and attribute that it means."""
    if isinstance(statement, ast.ImportFrom):
        return [(alias.asname or alias.name, statement.module or "", alias.name) for alias in statement.names]
    return [
        (alias.asname, alias.name, None) if alias.asname else (alias.name.partition(".")[0],) * 2 + (None,)
        for alias in statement.names
    ]


def _imports(path: Path, tree: ast.Module) -> Iterator[tuple[str, Bound]]:
    """The unconditional imports at top level."""
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname:
                    yield alias.asname, Bound(alias.name, None)
                else:
                    yield alias.name.partition(".")[0], Bound(alias.name.partition(".")[0], None)
        elif isinstance(statement, ast.ImportFrom) and statement.module != "__future__":
            for alias in statement.names:
                file = None
                if statement.level:
                    folder = path.parents[min(statement.level, len(path.parents)) - 1]
                    file = folder.joinpath(*(statement.module or "").split(".")) if statement.module else folder
                yield alias.asname or alias.name, Bound(statement.module or "", alias.name, statement.level, file)


def _whole(bound: Bound) -> str:
    """`torch.nn`, whether imported as a module or from one."""
    return f"{bound.module}.{bound.attribute}" if bound.attribute else bound.module


def _same_module(bound: Bound, symbol: Symbol) -> bool:
    if bound.level == 0:
        return bound.module == symbol.module
    return symbol.file is not None and bound.file in (
        symbol.file.with_suffix(""),
        symbol.file.parent / symbol.file.stem,
    )


def _relative(target: Path, source: Path) -> tuple[str, str] | None:
    """Dots and dotted module by which `source` imports `target`; None where they share no package."""
    for level, folder in enumerate(source.parents, start=1):
        if not (folder / "__init__.py").exists():
            return None
        if target.is_relative_to(folder):
            return "." * level, ".".join(target.relative_to(folder).with_suffix("").parts)
    return None


def _all_names(tree: ast.Module) -> Iterator[str]:
    """Every name that the file binds or uses, at whatever depth: a new one must be none of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
