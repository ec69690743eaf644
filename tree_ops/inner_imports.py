"""Imports that stand inside a piece: of inlined code, of what isn't there, and those that nothing uses any more."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archgraft.tree_ops.index import Definition, Missing, Target
from archgraft.tree_ops.links import ImportLink, LinkedPiece, guard_of
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.scopes import bound_name, stored_names
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit

NameOf = Callable[[Target], str | None]


def import_edits(reached: Reached, name_of: NameOf, piece: LinkedPiece, source: SourceBytes) -> list[TextEdit]:
    """The edits that make the imports in the live parts of a piece fit the emitted source."""
    imports = reached.imports(piece)
    if not imports:
        return []
    return list(_ImportWriter(reached, name_of, piece, source).edits(imports))


@dataclass(frozen=True, slots=True)
class _ImportWriter:
    reached: Reached
    name_of: NameOf
    piece: LinkedPiece
    source: SourceBytes

    def edits(self, imports: Sequence[ImportLink]) -> Iterator[TextEdit]:
        by_statement: dict[int, list[ImportLink]] = {}
        for found in imports:
            by_statement.setdefault(id(found.node), []).append(found)
        used = {id(link.use.local_import.alias) for link in self.reached.links(self.piece) if link.use.local_import}
        removable = self._removable() if any(not found.at_module_level for found in imports) else frozenset()
        empty: list[ast.stmt] = []
        for links in by_statement.values():
            node = links[0].node
            kept = [found for found in links if id(found.alias) in used or found.value or id(node) not in removable]
            if len(kept) == len(links) and not self._changes(links):
                continue
            text = f"\n{' ' * node.col_offset}".join(self._statements_for(kept))
            if text:
                yield TextEdit(self.source.start(node), self.source.end(node), text)
            else:
                empty.append(node)
        yield from self._without(empty)

    def _removable(self) -> frozenset[int]:
        """Imports in functions that may go when nothing uses them; under `try`, they ask what is installed."""
        found: set[int] = set()
        pending: list[tuple[ast.AST, bool]] = [(statement, False) for statement in self.piece.statements]
        while pending:
            node, inside = pending.pop()
            if isinstance(node, ast.Import | ast.ImportFrom) and inside:
                found.add(id(node))
            if not isinstance(node, ast.Try | ast.TryStar):
                is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                pending += [(child, inside or is_function) for child in ast.iter_child_nodes(node)]
        return frozenset(found)

    def _without(self, empty: Sequence[ast.stmt]) -> Iterator[TextEdit]:
        """Take statements out by their lines; `pass` stands in where a block would be empty."""
        if not empty:
            return
        gone = {id(node) for node in empty}
        for body in _blocks(self.piece.statements):
            ends = [0, *(statement.end_lineno or 0 for statement in body)]
            for number, node in enumerate(body):
                if id(node) not in gone:
                    continue
                following = body[number + 1].lineno if number + 1 < len(body) else (node.end_lineno or 0) + 1
                has_own_lines = ends[number] < node.lineno and (node.end_lineno or 0) < following
                is_last_of_all = all(id(other) in gone for other in body) and number + 1 == len(body)
                if is_last_of_all or not has_own_lines:
                    yield TextEdit(self.source.start(node), self.source.end(node), "pass")
                else:
                    yield TextEdit(*self.source.lines_span(node.lineno, node.end_lineno or 0), "")

    def _changes(self, links: Sequence[ImportLink]) -> bool:
        is_partial = self.piece.piece.is_import and not all(found.value for found in links)
        return is_partial or any(
            found.is_inside or self._is_lost(found) or self._name_here(found) != found.imported.alias for found in links
        )

    def _is_lost(self, found: ImportLink) -> bool:
        return isinstance(found.target, Missing) and found.alias.name != "*"

    def _name_here(self, found: ImportLink) -> str:
        name = found.imported.alias
        if not found.at_module_level:
            return name
        return self.name_of(Definition(self.piece.module.name, name)) or name

    def _statements_for(self, links: Sequence[ImportLink]) -> Iterator[str]:
        for found in links:
            if self.piece.piece.is_import and not found.value:
                continue
            name = self._name_here(found)
            if self._is_lost(found):
                guard = guard_of(self.piece.module, self.piece.piece, bound_name(found.alias, found.node))
                if guard != "typing":
                    yield f'raise ImportError("{found.imported.alias} is not available here")'
            elif found.is_inside:
                value = self.name_of(found.target)
                if found.value and value is not None and not found.at_module_level:
                    yield f'{name} = globals()["{value}"]' if value in self._inner_names() else f"{name} = {value}"
                elif found.value and value is not None and value != name:
                    yield f"{name} = {value}"
            elif isinstance(found.node, ast.Import):
                target = found.alias.name
                is_plain = name == found.imported.alias and not found.alias.asname
                yield f"import {target}" if is_plain else f"import {target} as {name}"
            else:
                last = found.alias.name
                yield f"from {found.imported.module} import {last}" + ("" if last == name else f" as {name}")

    def _inner_names(self) -> set[str]:
        """Names that functions of the piece may bind themselves, which would hide the module's."""
        found: set[str] = set()
        for node in (inner for statement in self.piece.statements for inner in ast.walk(statement)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.update(bound_name(alias, node) for alias in node.names)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            else:
                found.update(stored_names(node))
        return found


def _blocks(statements: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Every list of statements, the piece's own first."""
    yield list(statements)
    for statement in statements:
        for node in ast.walk(statement):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block:
                    yield block
