"""Where in the user's files a module was made: a tree's code sites point into a self-contained copy of these files.

The copy holds the author's definitions in another order, with some names changed and some imports gone. The calls of a
definition are the same in both, in the same order, so a call is found again by its number.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import libcst as cst

from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import CodeSite


@dataclass(frozen=True, slots=True)
class CallPlace:
    """The call with this number in the text of a file, f-strings left out; `function` is as in `CodeSite`."""

    path: Path
    number: int
    function: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a definition of the copy stands in its author's files."""

    definition: Definition
    path: Path
    is_own: bool
    """Whether the file belongs to the user, and may be edited."""


class Places:
    """Finds the places of a copy's code sites. `homes` are those of its top-level names."""

    def __init__(self, copy: str, homes: Mapping[str, Home], texts: Mapping[Path, str]) -> None:
        self._statements = list(parse(copy).body)
        self._homes = homes
        self._texts = texts

    def home_of(self, site: CodeSite) -> Home | None:
        """Where the code with this site stands; None for what the command line itself wrote."""
        found = self._statement(site)
        return next((self._homes[name] for name in bound_names(found) if name in self._homes), None) if found else None

    def find(self, site: CodeSite) -> CallPlace | None:
        """The call in the user's files; None when it isn't there, or can't be told from others."""
        statement, home = self._statement(site), self.home_of(site)
        if statement is None or home is None or home.path not in self._texts:
            return None
        tree = parse(self._texts[home.path])
        everywhere = {id(call): number for number, call in enumerate(calls_in([tree]))}
        inside = calls_in([statement])
        wanted = next((n for n, call in enumerate(inside) if _span(call) == _span_of(site)), None)
        if wanted is None:
            return None
        for author in _binding(tree.body, home.definition.name):
            calls = calls_in([author])
            same = _aligned(inside, calls).get(wanted)
            if same is not None:
                return CallPlace(home.path, everywhere[id(calls[same])], site.function)
        return None

    def _statement(self, site: CodeSite) -> ast.stmt | None:
        return next((one for one in self._statements if one.lineno <= site.line <= (one.end_lineno or 0)), None)


def calls_in(nodes: Sequence[ast.AST]) -> list[ast.Call]:
    """All calls, in the order of the text, the outer one first; those in f-strings are left out."""
    found: list[ast.Call] = []
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            found.append(node)
        if not isinstance(node, ast.JoinedStr):
            pending.extend(ast.iter_child_nodes(node))
    return sorted(
        found, key=lambda call: (call.lineno, call.col_offset, -(call.end_lineno or 0), -(call.end_col_offset or 0))
    )


class _Calls(cst.CSTVisitor):
    """Meets the calls of a concrete syntax tree in the order of `calls_in`."""

    def __init__(self) -> None:
        self.found: list[cst.Call] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Call):
            self.found.append(node)
        return not isinstance(node, cst.FormattedString)


def concrete_calls(module: cst.Module) -> list[cst.Call]:
    """The calls of a file by number."""
    calls = _Calls()
    module.visit(calls)
    return calls.found


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at top level binds, in whatever branch."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _binding(statements: Sequence[ast.stmt], name: str) -> Iterator[ast.stmt]:
    """The statements that define a name, also under `if` and `try`."""
    for statement in statements:
        if isinstance(statement, ast.If | ast.Try | ast.With):
            bodies = [statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
            bodies += [handler.body for handler in getattr(statement, "handlers", [])]
            for body in bodies:
                yield from _binding(body, name)
        elif name in bound_names(statement):
            yield statement


def _aligned(left: Sequence[ast.Call], right: Sequence[ast.Call]) -> dict[int, int]:
    """Which call of one text is which of the other: by number where both have as many, else by what they look like."""
    if len(left) == len(right):
        return {number: number for number in range(len(left))}
    blocks = SequenceMatcher(None, [_looks(one) for one in left], [_looks(one) for one in right], autojunk=False)
    return {start + n: other + n for start, other, size in blocks.get_matching_blocks() for n in range(size)}


def _looks(call: ast.Call) -> tuple[str, int, tuple[str | None, ...]]:
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return last, len(call.args), tuple(keyword.arg for keyword in call.keywords)


def _span(call: ast.Call) -> tuple[int, int, int, int]:
    return call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0


def _span_of(site: CodeSite) -> tuple[int, int, int, int]:
    return site.line, site.column, site.end_line, site.end_column
