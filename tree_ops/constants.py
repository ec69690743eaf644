"""What is constant in a closure: names, parameters, attributes and results that can only ever be one thing.

`find_constants` runs everything that is reached on sets of possible values, beginning with what the roots may be given,
and adds code only when a test may let control come to it (conditional constant propagation, Wegman and Zadeck 1991,
over functions, `self` attributes and class references). It answers the questions that `folding` asks. Code that reads
its own names (`globals()`, `exec`) makes it give up, and nothing is known then.
"""

import ast
from collections.abc import Callable, Iterator

from archgraft.tree_ops.constant_cells import Cells
from archgraft.tree_ops.constant_definitions import Function
from archgraft.tree_ops.constant_escape import ANY_KEY
from archgraft.tree_ops.constant_flow import run
from archgraft.tree_ops.constant_program import Program
from archgraft.tree_ops.constant_values import Value, truth
from archgraft.tree_ops.constant_worklist import GivenUpError, Unit
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.links import PieceKey
from archgraft.tree_ops.reach import Reached

_PURE = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.IfExp),
    *(ast.Subscript, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Call, ast.JoinedStr, ast.FormattedValue, ast.Slice),
)
_MAX_DEPTH = 5


class Constants:
    """What was found. An `Oracle` of `folding`."""

    def __init__(self, cells: Cells, facts: dict[Unit, dict[int, Value]]) -> None:
        self._cells = cells
        self._facts = {node: value for found in facts.values() for node, value in found.items()}
        self.decided_in = {
            unit if isinstance(unit, tuple) else unit.piece.key
            for unit, found in facts.items()
            if any(truth(value) is not None for value in found.values())
        }
        """Pieces with tests or operands whose truth is known."""
        self._is_pure: dict[Function, bool] = {}

    @property
    def n_live_lines(self) -> int:
        """Lines of code that can run."""
        return self._cells.worklist.n_live_lines

    def unasked_entries(self) -> dict[PieceKey, set[int]]:
        """Entries of tables that code never looks up: parts of pieces, by number."""
        found: dict[PieceKey, set[int]] = {}
        for definition, entries in self._cells.program.tables.items():
            asked = self._cells.asked.get(definition)
            if asked is None or ANY_KEY in asked or self._cells.is_open_table(definition):
                continue
            for key, entry in entries.items():
                if key not in asked:
                    found.setdefault(entry.piece.key, set()).add(entry.part)
        return found

    def truth(self, node: ast.expr) -> bool | None:
        """The truth of a test, where evaluating it can be left out."""
        if isinstance(node, ast.Constant):
            return bool(node.value)
        answer = truth(self._facts.get(id(node)))
        return answer if answer is not None and self.is_pure(node) else None

    def replacement(self, _: ast.expr) -> str | None:
        """No expression is written anew."""
        return None

    def is_pure(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether evaluating an expression does nothing but give its value."""
        return all(self._is_pure_part(part, depth) for part in ast.walk(node))

    def _is_pure_part(self, node: ast.AST, depth: int) -> bool:
        if isinstance(node, ast.Call):
            if id(node) in self._cells.pure_calls:
                return True
            callees = self._cells.callees.get(id(node), [])
            return bool(callees) and all(self._is_pure_function(callee, depth) for callee in callees)
        return not isinstance(node, ast.expr) or isinstance(node, _PURE)

    def _is_pure_function(self, function: Function, depth: int) -> bool:
        if depth > _MAX_DEPTH:
            return False
        if function not in self._is_pure:
            self._is_pure[function] = False  # so that recursion ends
            self._is_pure[function] = not function.is_opaque and all(
                isinstance(part, ast.Return | ast.If | ast.Expr | ast.Pass | ast.Assign | ast.Global)
                for part in _statements(function.node.body)
            )
            self._is_pure[function] &= all(self._is_pure_body(part, depth) for part in _statements(function.node.body))
        return self._is_pure[function]

    def _is_pure_body(self, statement: ast.stmt, depth: int) -> bool:
        if isinstance(statement, ast.Assign):
            links = self._cells.program.links
            if not all(isinstance(target, ast.Name) and id(target) not in links for target in statement.targets):
                return False
        if isinstance(statement, ast.If):
            return self.is_pure(statement.test, depth + 1)
        values = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr)]
        return all(self.is_pure(value, depth + 1) for value in values)


def find_constants(
    index: SourceIndex, reached: Reached, is_open: Callable[[str], bool] = lambda _: False
) -> Constants | None:
    """What is constant, or None where the code can't be followed.

    Nothing is taken for granted of a constructor's parameters whose name `is_open`.
    """
    cells = Cells(Program(index, reached))
    cells.open_parameters(is_open)
    return _propagated(cells, reached)


def n_live_lines(index: SourceIndex, reached: Reached, most: int | None = None) -> int | None:
    """Lines of code that can run; None where it can't be followed, or has over `most` lines."""
    cells = Cells(Program(index, reached), most)
    return cells.worklist.n_live_lines if _propagated(cells, reached) is not None else None


def _propagated(cells: Cells, reached: Reached) -> Constants | None:
    facts: dict[Unit, dict[int, Value]] = {}

    def execute(unit: Unit) -> None:
        facts[unit] = run(cells, unit)

    try:
        for root in reached.roots:
            cells.start_root(root)
        cells.work(execute)
    except GivenUpError:
        return None
    return Constants(cells, facts)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from _statements([*statement.body, *statement.orelse])
