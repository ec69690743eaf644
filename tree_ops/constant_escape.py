"""What may run, and what gets lost from sight: a function or class that escapes may be called with anything."""

import ast
from collections.abc import Callable

from archgraft.tree_ops.constant_contents import Contents
from archgraft.tree_ops.constant_definitions import Class, Family, Function
from archgraft.tree_ops.constant_program import Program
from archgraft.tree_ops.constant_values import ANY, NOTHING, Bound, Value, constant, references, tables
from archgraft.tree_ops.constant_worklist import Worklist
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.scopes import all_arguments
from archgraft.tree_ops.torch_names import LAYER_NAMES

ANY_KEY = object()


class Escape(Contents):
    """Starts definitions that code names, instances that it makes, and all that may be called out of sight."""

    def __init__(self, program: Program, most_lines: int | None = None) -> None:
        super().__init__(Worklist(program, most_lines))
        self.program = program
        self.asked: dict[Definition, dict[object, None]] = {}
        """The keys under which code may look into each table; `ANY_KEY` where it may be any."""
        self._instantiated: dict[Class, None] = {}
        self._escaped: set[Definition | Function] = set()
        self._cloned: list[Family | None] = []
        self._open_names: list[Callable[[str], bool]] = []

    def demand(self, definition: Definition) -> None:
        """Code names the definition: what binds it, and what changes it, runs."""
        is_lazy = definition in self.program.tables or definition in self.program.collections
        if not is_lazy or self._values.get(("open", definition)) is not None:
            for key in self.program.reached.definitions.get(definition, ()):
                self.worklist.start(key)

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
                if member.family.is_open or is_special or self.is_computed(name) or name in LAYER_NAMES:
                    self.escape_function(method)

    def is_computed(self, name: str) -> bool:
        """Whether code reads attributes whose name it computes, and this may be one."""
        return any(is_open(name) for is_open in self._open_names)

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
        if function not in self._escaped:
            self._escaped.add(function)
            self.leak("result", function)
            self.call_with_anything(function)

    def call_with_anything(self, function: Function) -> None:
        """The function runs, and its parameters may be anything."""
        self.worklist.start(function)
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

    def escape_instances(self, family: Family | None) -> None:
        """Code takes the class of an object and may make another one."""
        self._cloned.append(family)
        for found in list(self._instantiated):
            if family is None or found.family is family:
                self.escape_definition(found.definition)
