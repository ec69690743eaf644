"""What is known so far of each place that holds a value, and which code has to be looked at again when that grows.

A cell is a parameter, a result, an attribute in a family of classes, a name of a module, or a key of a `**kwargs`. It
starts with nothing and only grows, so the order of work doesn't matter. A function or class whose value gets lost from
sight (`escape`) may be called from anywhere with anything.
"""

import ast
from collections import deque
from collections.abc import Callable, Hashable

from archgraft.tree_ops.constant_program import Class, Family, Function, Program
from archgraft.tree_ops.constant_values import ANY, NOTHING, Bound, Value, constant, join, references, tables
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.layer_attributes import is_layer_attribute
from archgraft.tree_ops.links import PieceKey
from archgraft.tree_ops.scopes import all_arguments
from archgraft.tree_ops.torch_names import LAYER_NAMES

Cell = tuple[Hashable, ...]
Unit = Function | Class | PieceKey
"""What is executed in one go: a body, the header and body of a class statement, or a piece at module level."""
MAX_WORK = 200
"""Executions for each unit, on average, after which constants are given up: far more than real code takes."""

ANY_KEY = object()
_FILLED = frozenset({"parameter", "result", "attribute", "global"})
_CHANGED_BY_TORCH = frozenset({"training", "weight", "bias"})
"""Attributes that torch sets on modules it did not make: by `train`, by parametrisations."""


class GivenUpError(Exception):
    """The code does something that leaves nothing to know about it."""


class Cells:
    """The state of the propagation."""

    def __init__(
        self, program: Program, most_lines: int | None = None, is_open: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.program = program
        self.is_open = is_open
        """Whether a constructor parameter of this name may get another value later on."""
        self.n_live_lines = 0
        """Lines of all that may run; more than `most_lines` end the work."""
        self._most_lines = most_lines
        self.pure_calls: set[int] = set()
        """Calls that were seen to do nothing but answer, by the identity of their nodes."""
        self.asked: dict[Definition, dict[object, None]] = {}
        """The keys under which code may look into each table; `ANY_KEY` where it may be any."""
        self._values: dict[Cell, Value] = {}
        self._readers: dict[Cell, set[Unit]] = {}
        self._queue: deque[Unit] = deque()
        self._queued: set[Unit] = set()
        self._live: set[Unit] = set()
        self._instantiated: dict[Class, None] = {}
        self._escaped: set[Definition | Function] = set()
        self._leaked: set[Cell] = set()
        self._leaked_names: set[str] = set()
        self._read_names: set[str] = set()
        self._keys: dict[Hashable, dict[str, None]] = {}
        self._written_names: list[Callable[[str], bool]] = []
        self._cloned: list[Family | None] = []
        self.callees: dict[int, list[Function]] = {}
        """The functions that a call was seen to mean, by the identity of its node."""
        self._open_names: list[Callable[[str], bool]] = []
        self._current: Unit | None = None
        self._by_name: dict[str, list[Function]] = {}
        self._families = list({id(found.family): found.family for found in program.classes.values()}.values())

    # Values

    def read(self, *cell: Hashable) -> Value:
        """What is known of a cell; the code at work is looked at again when that grows."""
        if self._current is not None:
            self._readers.setdefault(cell, set()).add(self._current)
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
            for unit in sorted(self._readers.get(cell, ()), key=_position):
                self.schedule(unit)

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
            for unit in sorted(self._readers.get(("keys", owner), ()), key=_position):
                self.schedule(unit)

    def keys_of(self, owner: Hashable) -> list[str]:
        """The keys that a record may have."""
        if self._current is not None:
            self._readers.setdefault(("keys", owner), set()).add(self._current)
        return list(self._keys.get(owner, ()))

    def leak_keys(self, owner: Hashable) -> None:
        """Whatever the record holds under any key, now or later, escapes."""
        self._leaked.add(("keys", owner))
        for name in list(self._keys.get(owner, ())):
            self.leak("key", owner, name)

    # Work

    def schedule(self, unit: Unit) -> None:
        """Look at a unit (again)."""
        if unit not in self._queued:
            self._queued.add(unit)
            self._queue.append(unit)

    def start(self, unit: Unit) -> None:
        """A unit may run."""
        if unit not in self._live:
            self._live.add(unit)
            self.schedule(unit)
            if isinstance(unit, Function) and unit.owner is not None and unit.node.name == "__init__":
                for argument in all_arguments(unit.node.args):
                    if self.is_open(argument.arg):
                        self.put(ANY, "parameter", unit, argument.arg)
            self.n_live_lines += self._n_lines(unit)
            if self._most_lines is not None and self.n_live_lines > self._most_lines:
                raise GivenUpError("more code can run than is wanted")

    def _n_lines(self, unit: Unit) -> int:
        """Lines that are a unit's own: those of a function, of a class without its methods, of values.

        A docstring that is left out doesn't count, so that what is extracted counts as it did before.
        """
        if isinstance(unit, Function):
            first = unit.node.body[0]
            is_emitted = self.program.reached.is_live(unit.piece, first)
            left_out = 0 if is_emitted else (first.end_lineno or 0) - first.lineno + 1
            return (unit.node.end_lineno or 0) - unit.node.lineno + 2 - left_out
        if isinstance(unit, Class):
            return 2 + sum(not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in unit.node.body)
        piece = self.program.reached.pieces[unit]
        is_block = piece.piece.is_import or any(hasattr(statement, "body") for statement in piece.statements)
        return 0 if is_block else self.program.reached.text(piece).count("\n") + 1

    def work(self, run: Callable[[Unit], None]) -> None:
        """Run units until nothing changes. Raises `GivenUpError`."""
        n_left = MAX_WORK * (len(self.program.functions) + len(self.program.classes) + 20)
        while self._queue or self._settle():
            n_left -= 1
            if n_left < 0:
                raise GivenUpError("the code takes too long to follow")
            unit = self._queue.popleft()
            self._queued.discard(unit)
            self._current = unit
            run(unit)
            self._current = None

    def _settle(self) -> bool:
        """When all is quiet: methods that only others can call, then cells that code reads and nobody fills."""
        for found in list(self._instantiated):
            for name, method in found.methods.items():
                if name not in self._read_names and name != "__init__":
                    self.escape_function(method)
        if self._queue:
            return True
        unfilled = [cell for cell in self._readers if cell[0] in _FILLED and self._is_unfilled(cell)]
        for cell in sorted(unfilled, key=_cell_position):
            self.put(ANY, *cell)
        return bool(self._queue)

    def _is_unfilled(self, cell: Cell) -> bool:
        """Whether nobody gives a cell a value; an attribute may get one through any object."""
        if cell[0] == "attribute":
            anywhere = self._values.get((cell[0], None, cell[2]), NOTHING)
            if cell[1] is None or anywhere != NOTHING:
                return False
        return self._values.get(cell, NOTHING) == NOTHING

    # Liveness

    def demand(self, definition: Definition) -> None:
        """Code names the definition: what binds it, and what changes it, runs."""
        is_lazy = definition in self.program.tables or definition in self.program.collections
        if not is_lazy or self._values.get(("open", definition)) is not None:
            for key in self.program.reached.definitions.get(definition, ()):
                self.start(key)

    def open_table(self, definition: Definition) -> None:
        """A table gets lost from sight: it may be changed, and all that it holds is used."""
        if ("open", definition) not in self._values:
            self.put(constant(True), "open", definition)
            self.demand(definition)

    def is_open_table(self, definition: Definition) -> bool:
        """Whether a table got lost from sight."""
        return self.read("open", definition) != NOTHING

    def ask_table(self, definition: Definition, key: object) -> None:
        """Code looks a table up by a key, or by `ANY_KEY`."""
        self.asked.setdefault(definition, {}).setdefault(key)

    def instantiate(self, found: Class) -> None:
        """There may be an instance of the class: torch may call its methods."""
        for member in self.program.linearised(found):
            if member in self._instantiated:
                continue
            self._instantiated[member] = None
            if any(family is None or family is member.family for family in self._cloned):
                self.escape_definition(member.definition)
            self.demand(member.definition)
            self.put(constant(True), "instance", member)
            for name, method in member.methods.items():
                is_special = name.startswith("__") and name.endswith("__") and name != "__init__"
                is_computed = any(is_open(name) for is_open in self._open_names)
                if member.family.is_open or is_special or is_computed or name in LAYER_NAMES:
                    self.escape_function(method)

    def may_have_instances(self, found: Class) -> bool:
        """Whether live code makes an instance of the class or of one that inherits from it."""
        known = [self.read("instance", member) for member in found.family.classes if self._inherits(member, found)]
        return any(value != NOTHING for value in known)

    def _inherits(self, member: Class, ancestor: Class) -> bool:
        return ancestor in self.program.linearised(member)

    def escape(self, value: Value) -> None:
        """The value gets lost from sight."""
        if not value:
            return
        for definition in references(value):
            self.escape_definition(definition)
        for definition in tables(value):
            self.open_table(definition)
        for atom in value:
            if isinstance(atom, Bound):
                self.leak("bound", atom.call)
                self.leak_keys(atom.call)

    def escape_definition(self, definition: Definition) -> None:
        """A function or class may be called by anybody, with anything."""
        if definition in self._escaped:
            return
        self._escaped.add(definition)
        self.demand(definition)
        if (function := self.program.functions.get(definition)) is not None:
            self.escape_function(function)
        if (found := self.program.classes.get(definition)) is not None:
            self.instantiate(found)
            for name in ("__init__", "__new__"):
                if (method := self.program.method(found, name)) is not None:
                    self.escape_function(method)

    def escape_function(self, function: Function) -> None:
        """A function or method may be called by anybody, with anything."""
        if function in self._escaped:
            return
        self._escaped.add(function)
        self.leak("result", function)
        self.start(function)
        self._escape_defaults(function)
        for argument in all_arguments(function.node.args):
            self.put(ANY, "parameter", function, argument.arg)
        if function.node.args.kwarg is not None:
            self.put(ANY, "record", function)

    def _escape_defaults(self, function: Function) -> None:
        """Default values mix with anything that callers give."""
        arguments = function.node.args
        for default in (*arguments.defaults, *(found for found in arguments.kw_defaults if found is not None)):
            for node in ast.walk(default):
                target, _ = self.program.target(node) if isinstance(node, ast.Name) else (None, ())
                if isinstance(target, Definition):
                    self.demand(target)
                    self.escape_definition(target)
                    self.leak("global", target)

    # Attributes

    def read_attribute(self, family: Family, name: str) -> Value:
        """An attribute of `self`, looked up in a family."""
        if _is_foreign(family, name):
            self.leak_attribute(name)
            return ANY
        both = join(self.read("attribute", family, name), self.read("attribute", None, name))
        if both is ANY or any(is_written(name) for is_written in self._written_names):
            self.leak_attribute(name)
            return ANY
        return both

    def write_all_attributes(self, names: Callable[[str], bool]) -> None:
        """Code sets attributes whose name it computes."""
        self._written_names.append(names)
        for cell in [cell for cell in self._readers if cell[0] == "attribute" and names(str(cell[2]))]:
            self.put(ANY, *cell)

    def escape_instances(self, family: Family | None) -> None:
        """Code takes the class of an object and may make another one."""
        self._cloned.append(family)
        for found in list(self._instantiated):
            if family is None or found.family is family:
                self.escape_definition(found.definition)

    def write_attribute(self, family: Family | None, name: str, value: Value) -> None:
        """Code sets an attribute, of `self` or (family None) of anything."""
        self.put(value, "attribute", family, name)
        is_computed = any(is_open(name) for is_open in self._open_names)
        if name in self._leaked_names or is_computed or (family is not None and _is_foreign(family, name)):
            self.escape(value)

    def leak_attribute(self, name: str) -> None:
        """Code reads the attribute of an unknown object."""
        self.note_read(name)
        if name in self._leaked_names:
            return
        self._leaked_names.add(name)
        for family in [None, *self._families]:
            self.leak("attribute", family, name)

    def methods_called(self, name: str, family: Family | None) -> list[Function]:
        """The methods that a call through an object may mean."""
        self.note_read(name)
        methods = family.methods(name) if family is not None else self._methods_of_any(name)
        return [method for method in methods if self.read("instance", method.owner) != NOTHING]

    def _methods_of_any(self, name: str) -> list[Function]:
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = [method for family in self._families for method in family.methods(name)]
        return found

    def note_read(self, name: str) -> None:
        """Code names an attribute, so a method of that name may be called by what was seen."""
        self._read_names.add(name)

    def escape_methods(self, name: str, family: Family | None = None) -> None:
        """Code takes a method as a value."""
        for method in self.methods_called(name, family):
            self.escape_function(method)

    def escape_all_methods(self, names: Callable[[str], bool]) -> None:
        """Code reads attributes whose name it computes."""
        self._open_names.append(names)
        for found in list(self._instantiated):
            for name, method in found.methods.items():
                if names(name):
                    self.note_read(name)
                    self.escape_function(method)
        for cell in [cell for cell in self._values if cell[0] == "attribute" and names(str(cell[2]))]:
            self.leak(*cell)

    # Roots

    def start_root(self, root: Definition) -> None:
        """A root is made and used by others, with anything."""
        self.demand(root)
        found = self.program.classes.get(root)
        if found is None:
            self.escape_definition(root)
            return
        init = self.program.method(found, "__init__")
        self.instantiate(found)
        for member in self.program.linearised(found):
            for name, method in member.methods.items():
                if not name.startswith("_"):
                    self.note_read(name)
                    self.escape_function(method)
        if init is not None:
            self.start(init)
            self._escape_defaults(init)
            for argument in all_arguments(init.node.args):
                self.put(ANY, "parameter", init, argument.arg)
            if init.node.args.kwarg is not None:
                self.put(ANY, "record", init)


def _is_foreign(family: Family, name: str) -> bool:
    """Whether code that nobody sees may set or read the attribute."""
    is_kept_by_layer = family.is_layer and is_layer_attribute(name)
    return family.is_open or is_kept_by_layer or name in _CHANGED_BY_TORCH or name.startswith("__")


def _position(unit: Unit) -> tuple[str, int, int]:
    """Where a unit stands, so that the order of work is the same each time."""
    if isinstance(unit, tuple):
        return *unit, 0
    return unit.piece.module.name, unit.piece.piece.index, unit.node.lineno


def _cell_position(cell: Cell) -> tuple[str, str, str]:
    return str(cell[0]), str(cell[-1]) if isinstance(cell[-1], str) else "", _place(cell)


def _place(cell: Cell) -> str:
    for part in cell:
        if isinstance(part, Function | Class):
            return str(_position(part))
        if isinstance(part, Family):
            return str(min(_position(member) for member in part.classes))
        if isinstance(part, Definition):
            return f"{part.module}.{part.name}"
    return ""
