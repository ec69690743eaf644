"""Which code may run, and which has to be looked at (again) since what it reads has grown."""

import ast
from collections import deque
from collections.abc import Callable, Iterable

from archgraft.tree_ops.constant_definitions import Class, Function
from archgraft.tree_ops.constant_program import Program
from archgraft.tree_ops.links import PieceKey

Unit = Function | Class | PieceKey
"""What is executed in one go: a body, the header and body of a class statement, or a piece at module level."""
MAX_WORK = 200
"""Executions for each unit, on average, after which constants are given up: far more than real code takes."""


class GivenUpError(Exception):
    """The code does something that leaves nothing to know about it."""


class Worklist:
    """The units that may run, and those that wait to be run. More than `most_lines` live lines end the work."""

    def __init__(self, program: Program, most_lines: int | None = None) -> None:
        self.n_live_lines = 0
        """Lines of all that may run."""
        self.current: Unit | None = None
        """The unit that is being run."""
        self._program = program
        self._most_lines = most_lines
        self._queue: deque[Unit] = deque()
        self._queued: set[Unit] = set()
        self._live: set[Unit] = set()

    def __bool__(self) -> bool:
        return bool(self._queue)

    def schedule(self, unit: Unit) -> None:
        """Look at a unit (again)."""
        if unit not in self._queued:
            self._queued.add(unit)
            self._queue.append(unit)

    def schedule_all(self, units: Iterable[Unit]) -> None:
        """Look at units (again), in the order in which they stand."""
        for unit in sorted(units, key=position):
            self.schedule(unit)

    def start(self, unit: Unit) -> None:
        """A unit may run. Raises `GivenUpError`."""
        if unit not in self._live:
            self._live.add(unit)
            self.schedule(unit)
            self.n_live_lines += self._n_lines(unit)
            if self._most_lines is not None and self.n_live_lines > self._most_lines:
                raise GivenUpError("more code can run than is wanted")

    def _n_lines(self, unit: Unit) -> int:
        """Lines that are a unit's own: those of a function, of a class without its methods, of values.

        A docstring that is left out doesn't count, so that what is extracted counts as it did before.
        """
        reached = self._program.reached
        if isinstance(unit, Function):
            first = unit.node.body[0]
            is_emitted = reached.is_live(unit.piece, first)
            left_out = 0 if is_emitted else (first.end_lineno or 0) - first.lineno + 1
            return (unit.node.end_lineno or 0) - unit.node.lineno + 2 - left_out
        if isinstance(unit, Class):
            return 2 + sum(not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in unit.node.body)
        piece = reached.pieces[unit]
        is_block = piece.piece.is_import or any(hasattr(statement, "body") for statement in piece.statements)
        return 0 if is_block else reached.text(piece).count("\n") + 1

    def work(self, run: Callable[[Unit], None], settle: Callable[[], None]) -> None:
        """Run units until nothing changes; when all is quiet, `settle` may schedule more. Raises `GivenUpError`."""
        n_left = MAX_WORK * (len(self._program.functions) + len(self._program.classes) + 20)
        while self or self._is_unsettled(settle):
            n_left -= 1
            if n_left < 0:
                raise GivenUpError("the code takes too long to follow")
            unit = self._queue.popleft()
            self._queued.discard(unit)
            self.current = unit
            run(unit)
            self.current = None

    def _is_unsettled(self, settle: Callable[[], None]) -> bool:
        settle()
        return bool(self)


def position(unit: Unit) -> tuple[str, int, int]:
    """Where a unit stands, so that the order of work is the same each time."""
    if isinstance(unit, tuple):
        return *unit, 0
    return unit.piece.module.name, unit.piece.piece.index, unit.node.lineno
