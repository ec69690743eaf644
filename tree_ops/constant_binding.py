"""How the arguments of a call reach parameters, keyword dictionaries included.

A `**kwargs` that is only handed on, or asked for literal keys, is a record: each key is a cell of its own. So is a
local `dd = {"device": device}` that is only written as `**dd`.
"""

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from archgraft.tree_ops.constant_cells import Cells
from archgraft.tree_ops.constant_definitions import Class, Function
from archgraft.tree_ops.constant_locals import display_items
from archgraft.tree_ops.constant_values import ANY, NOTHING, Thing, Value, constant


@dataclass(frozen=True, slots=True)
class Record:
    """A dictionary with literal keys; `owner` names its cells."""

    owner: Hashable


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call."""

    positional: list[Value] = field(default_factory=list)
    is_starred: bool = False
    """Whether more positional arguments may follow, of which nothing is known."""
    keywords: dict[str, Value] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    is_double_starred: bool = False
    """Whether more keyword arguments may come, of which nothing is known."""

    def values(self) -> list[Value]:
        """All arguments that are written singly."""
        return [*self.positional, *self.keywords.values()]


class Binder:
    """Gives arguments to the parameters of functions and classes of the closure."""

    def __init__(self, cells: Cells, module_value: Callable[[ast.expr], Value]) -> None:
        self._cells = cells
        self.module_value = module_value
        """The value of an expression at module level."""

    def call(self, function: Function, arguments: Arguments, n_implied: int) -> Value:
        """Call a function, whose first `n_implied` parameters are not written; returns what it gives."""
        if function.is_opaque:
            self._cells.escape_function(function)
            self.escape(arguments)
            return ANY
        self._cells.worklist.start(function)
        parameters = function.node.args
        positional = [*parameters.posonlyargs, *parameters.args]
        defaults = dict(zip(reversed(positional), reversed(parameters.defaults)))
        defaults |= {p: d for p, d in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True) if d is not None}
        taken = {argument.arg for argument in (*parameters.args, *parameters.kwonlyargs)}
        for implied in positional[:n_implied]:
            self._cells.put(frozenset([Thing("self")]), "parameter", function, implied.arg)
        for number, parameter in enumerate(positional[n_implied:]):
            if number < len(arguments.positional):
                value = arguments.positional[number]
            elif arguments.is_starred:
                value = ANY
            else:
                value = self._by_keyword(parameter, defaults.get(parameter), arguments)
            self._cells.put(value, "parameter", function, parameter.arg)
        for parameter in parameters.kwonlyargs:
            value = self._by_keyword(parameter, defaults.get(parameter), arguments)
            self._cells.put(value, "parameter", function, parameter.arg)
        for value in arguments.positional[len(positional) - n_implied :]:
            self._cells.escape(value)
        if parameters.vararg is not None:
            self._cells.put(ANY, "parameter", function, parameters.vararg.arg)
        self._bind_rest(function, arguments, taken)
        return self._cells.read("result", function)

    def instantiate(self, found: Class, arguments: Arguments) -> Value:
        """Construct a class."""
        self._cells.instantiate(found)
        lineage = self._cells.program.linearised(found)
        if found.is_decorated or any("__new__" in member.methods for member in lineage):
            self._cells.escape_definition(found.definition)
            self.escape(arguments)
            return ANY
        init = self._cells.program.method(found, "__init__")
        if init is not None:
            self.call(init, arguments, 1)
        if init is None or found.family.is_open:
            self.escape(arguments)
        return frozenset([Thing("instance")])

    def escape(self, arguments: Arguments) -> None:
        """The arguments go to code that nobody sees."""
        for value in arguments.values():
            self._cells.escape(value)
        for record in arguments.records:
            self.leak(record)

    def _by_keyword(self, parameter: ast.arg, default: ast.expr | None, arguments: Arguments) -> Value:
        """What a parameter gets that no position fills."""
        if parameter.arg in arguments.keywords:
            return arguments.keywords[parameter.arg]
        if arguments.is_double_starred:
            sure = next((found for found in arguments.records if self._surely_has(found, parameter.arg)), None)
            return ANY if sure is None else self.key(sure, parameter.arg)
        value = self.module_value(default) if default is not None else NOTHING
        for record in arguments.records:
            value = self._cells.join(value, self.key(record, parameter.arg))
        return value

    def _bind_rest(self, function: Function, arguments: Arguments, taken: set[str]) -> None:
        """Keyword arguments that no parameter takes go to the function's `**kwargs`."""
        rest = {name: value for name, value in arguments.keywords.items() if name not in taken}
        if function.node.args.kwarg is None:
            for value in rest.values():
                self._cells.escape(value)
            return
        record = Record(function)
        self._cells.put(frozenset([Thing("dict")]), "parameter", function, function.node.args.kwarg.arg)
        if arguments.is_double_starred or any(self.is_open(found) for found in arguments.records):
            self._cells.put(ANY, "record", function)
        for name, value in rest.items():
            self.put(record, name, value)
        for found in arguments.records:
            for name in self._cells.keys_of(found.owner):
                if name not in taken:
                    self.put(record, name, self.key(found, name))

    # Records

    def _surely_has(self, record: Record, name: str) -> bool:
        """Whether the display that makes the record has the key: nothing else in the same call can give it then."""
        items = display_items(record.owner) if isinstance(record.owner, ast.Dict | ast.Call) else None
        is_there = any(key == name for key, _ in items or ())
        return is_there and self._cells.read("taken", record.owner) == NOTHING

    def take(self, record: Record) -> None:
        """Keys may be taken out of the record."""
        self._cells.put(constant(True), "taken", record.owner)

    def is_open(self, record: Record) -> bool:
        """Whether it may hold anything."""
        return self._cells.read("record", record.owner) is ANY

    def key(self, record: Record, name: str) -> Value:
        """What the record may hold under a key: nothing where the key isn't there."""
        return ANY if self.is_open(record) else self._cells.read("key", record.owner, name)

    def put(self, record: Record, name: str, value: Value) -> None:
        """The record holds a value under a key, too."""
        self._cells.add_key(record.owner, name)
        self._cells.put(value, "key", record.owner, name)
        if self.is_open(record):
            self._cells.escape(value)

    def merge(self, record: Record, other: Record) -> None:
        """The record holds all that another one holds."""
        if self.is_open(other):
            self._cells.put(ANY, "record", record.owner)
        for name in self._cells.keys_of(other.owner):
            self.put(record, name, self.key(other, name))

    def leak(self, record: Record) -> None:
        """The record goes to code that nobody sees."""
        self._cells.leak_keys(record.owner)
