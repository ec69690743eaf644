"""What is known so far of each place that holds a value.

A cell is a parameter, a result, an attribute in a family of classes, a name of a module, or a key of a `**kwargs`. It
starts with nothing and only grows, so the order of work doesn't matter.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable

from archgraft.tree_ops.constant_definitions import Class, Family, Function
from archgraft.tree_ops.constant_values import ANY, NOTHING, Value, join
from archgraft.tree_ops.constant_worklist import Unit, Worklist, position
from archgraft.tree_ops.index import Definition

Cell = tuple[Hashable, ...]

_FILLED = frozenset({"parameter", "result", "attribute", "global"})


class Contents(ABC):
    """The values of all cells, and who reads them. What a leaked cell holds, now or later, escapes."""

    def __init__(self, worklist: Worklist) -> None:
        self.worklist = worklist
        self._values: dict[Cell, Value] = {}
        self._readers: dict[Cell, set[Unit]] = {}
        self._leaked: set[Cell] = set()
        self._keys: dict[Hashable, dict[str, None]] = {}

    @abstractmethod
    def escape(self, value: Value) -> None:
        """The value gets lost from sight."""

    def read(self, *cell: Hashable) -> Value:
        """What is known of a cell; the code at work is looked at again when that grows."""
        self._note_reader(cell)
        return self._values.get(cell, NOTHING)

    def put(self, value: Value, *cell: Hashable) -> None:
        """Let a cell hold the value, too."""
        old = self._values.get(cell, NOTHING)
        new = join(old, value)
        if cell in self._leaked:
            self.escape(value)
        if new is ANY:
            self.escape(value)
            self.escape(old)
            if cell[0] == "record":
                self.leak_keys(cell[1])
        if new != old:
            self._values[cell] = new
            self._wake_readers(cell)

    def join(self, first: Value, second: Value) -> Value:
        """Either value; what gets lost from sight escapes."""
        both = join(first, second)
        if both is ANY:
            self.escape(first)
            self.escape(second)
        return both

    def leak(self, *cell: Hashable) -> None:
        """Whatever the cell holds, now or later, escapes."""
        if cell not in self._leaked:
            self._leaked.add(cell)
            self.escape(self._values.get(cell, NOTHING))

    def add_key(self, owner: Hashable, name: str) -> None:
        """The record has a key, too."""
        keys = self._keys.setdefault(owner, {})
        if name not in keys:
            keys[name] = None
            if ("keys", owner) in self._leaked:
                self.leak("key", owner, name)
            self._wake_readers(("keys", owner))

    def keys_of(self, owner: Hashable) -> list[str]:
        """The keys that a record may have."""
        self._note_reader(("keys", owner))
        return list(self._keys.get(owner, ()))

    def leak_keys(self, owner: Hashable) -> None:
        """Whatever the record holds under any key, now or later, escapes."""
        self._leaked.add(("keys", owner))
        for name in list(self._keys.get(owner, ())):
            self.leak("key", owner, name)

    def fill_unfilled(self) -> None:
        """Let cells that code reads and nobody fills hold anything."""
        unfilled = [cell for cell in self._readers if cell[0] in _FILLED and self._is_unfilled(cell)]
        for cell in sorted(unfilled, key=_cell_position):
            self.put(ANY, *cell)

    def _is_unfilled(self, cell: Cell) -> bool:
        """Whether nobody gives a cell a value; an attribute may get one through any object."""
        if cell[0] == "attribute":
            anywhere = self._values.get((cell[0], None, cell[2]), NOTHING)
            if cell[1] is None or anywhere != NOTHING:
                return False
        return self._values.get(cell, NOTHING) == NOTHING

    def _note_reader(self, cell: Cell) -> None:
        if self.worklist.current is not None:
            self._readers.setdefault(cell, set()).add(self.worklist.current)

    def _wake_readers(self, cell: Cell) -> None:
        self.worklist.schedule_all(self._readers.get(cell, ()))


def _cell_position(cell: Cell) -> tuple[str, str, str]:
    return str(cell[0]), str(cell[-1]) if isinstance(cell[-1], str) else "", _place(cell)


def _place(cell: Cell) -> str:
    for part in cell:
        if isinstance(part, Function | Class):
            return str(position(part))
        if isinstance(part, Family):
            return str(min(position(member) for member in part.classes))
        if isinstance(part, Definition):
            return f"{part.module}.{part.name}"
    return ""
