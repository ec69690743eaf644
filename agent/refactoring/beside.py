"""A new file beside the user's model with what an evolved one has besides: new classes, and `build_model()`.

What both have is imported from the user's module, as far as it leads to nothing that changed; where that doesn't
rebuild to the winner, the file holds the whole model.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from archgraft.agent.exported_source import mined_parts
from archgraft.agent.refactoring.model import UserModel
from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.refactoring.call_places import bound_names
from archgraft.tree_ops.refactoring.symbols import FileSymbols, Symbol, bindings
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import Tree


def whole(place: Path, winner: Tree) -> str:
    """A file that holds all of the model. `place` is the one beside which it will stand."""
    return _header(place, winner) + winner.source


def beside(user: UserModel, place: Path, winner: Tree) -> str:
    """A file that imports what it can; empty when that is nothing."""
    imported = _imports(user, winner)
    return _header(place, winner) + _with_imports(place, winner.source, imported) if imported else ""


def _header(place: Path, winner: Tree) -> str:
    credits = "".join(f"#   {part}\n" for part in mined_parts(winner.source))
    header = f"# Evolved by archgraft from {place.name}; {winner.construct} builds it.\n"
    return header + (f"# Parts written by others, each under its own licence:\n{credits}" if credits else "") + "\n"


def _imports(user: UserModel, winner: Tree) -> dict[str, Symbol]:
    """The names of the winner's source that mean just what the user's own files define, all that they use included."""
    old, new = _definitions(user.tree.source), _definitions(winner.source)
    same = {name for name, statement in new.items() if name in old and ast.dump(statement) == ast.dump(old[name])}
    uses = {name: set(_names(statement)) & new.keys() for name, statement in new.items()}
    while odd := {name for name in same if uses[name] - same}:
        same -= odd
    symbols = {}
    for name in same:
        home = user.homes.get(name)
        if home is not None and home.is_own:
            symbols[name] = Symbol(home.definition.module, home.definition.name, home.path)
    return symbols


def _with_imports(place: Path, source: str, imported: Mapping[str, Symbol]) -> str:
    """The source without what is imported, and without what only that needed."""
    symbols = FileSymbols(place, place.read_text(encoding="utf-8-sig", errors="replace"))
    used = _used(source, imported)
    wanted = []
    for name, symbol in sorted(imported.items()):
        if name in used:
            dots, module = symbols.statement_of(symbol)
            alias = symbol.name if symbol.name == name else f"{symbol.name} as {name}"
            wanted.append(f"from {dots}{module} import {alias}")
    kept = [
        statement
        for statement in parse(source).body
        if not (names := set(bound_names(statement)) | set(_imported_names(statement)))
        or names & (used - set(imported))
    ]
    lines = source.splitlines()
    imports = [ast.unparse(_narrowed(one, used)) for one in kept if isinstance(one, ast.Import | ast.ImportFrom)]
    texts = [_text(lines, one) for one in kept if not isinstance(one, ast.Import | ast.ImportFrom)]
    return "\n".join(imports) + "\n\n" + "\n".join(wanted) + "\n\n\n" + "\n\n\n".join(texts) + "\n"


def _used(source: str, imported: Mapping[str, Symbol]) -> set[str]:
    """The names that `build_model()` leads to, without what only imported definitions use."""
    uses: dict[str, set[str]] = {}
    for statement in parse(source).body:
        for name in bound_names(statement):
            uses.setdefault(name, set()).update(_names(statement))
    found, pending = set[str](), {BUILDER}
    while pending:
        name = pending.pop()
        found.add(name)
        if name not in imported:
            pending |= uses.get(name, set()) - found
    return found


def _narrowed(statement: ast.Import | ast.ImportFrom, used: Collection[str]) -> ast.stmt:
    """The import without the names that nothing uses."""
    names = [alias for alias, bound in zip(statement.names, _imported_names(statement)) if bound in used]
    return type(statement)(**{**vars(statement), "names": names})


def _imported_names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [name for name, _, _ in bindings(statement)]
    return []


def _text(lines: Sequence[str], statement: ast.stmt) -> str:
    """A statement with the comments right above it."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : statement.end_lineno])


def _definitions(source: str) -> dict[str, ast.ClassDef | ast.FunctionDef]:
    return {one.name: one for one in parse(source).body if isinstance(one, ast.ClassDef | ast.FunctionDef)}


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
