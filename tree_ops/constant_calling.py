# ruff: noqa: N802 - methods are named after the syntax that they evaluate
"""Calls: of functions and classes of the closure, of methods through objects, of builtins and libraries."""

import ast
from collections.abc import Mapping
from dataclasses import replace

from archgraft.tree_ops.constant_binding import Arguments, Record
from archgraft.tree_ops.constant_builtins import Builtins
from archgraft.tree_ops.constant_calls import is_known_call, known_call
from archgraft.tree_ops.constant_calls import text_method as call_text_method
from archgraft.tree_ops.constant_comparing import only_table
from archgraft.tree_ops.constant_definitions import Class, Entry, Family, Function
from archgraft.tree_ops.constant_values import (
    ANY,
    NOTHING,
    Atom,
    Bound,
    Constant,
    Outside,
    Reference,
    Table,
    Thing,
    Value,
    is_definite,
    only,
)
from archgraft.tree_ops.index import Builtin, Definition
from archgraft.tree_ops.torch_names import LAYER_NAMES

_MAKES_INSTANCE = "torch.nn."


class Calls(Builtins):
    """Evaluates calls."""

    def visit_Call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Name):
            link = self.program.links.get(id(function))
            if link is not None and isinstance(link.target, Builtin):
                return self.call_builtin(function.id, node)
        if isinstance(function, ast.Attribute):
            return self._call_attribute(node, function)
        return self.call_value(self.evaluate(function), node)

    def call_value(self, value: Value, node: ast.Call) -> Value:
        """Call whatever the value may be."""
        if value == NOTHING:
            return NOTHING
        arguments = self.arguments(node)
        if value is None:
            self.binder.escape(arguments)
            return ANY
        found: Value = NOTHING
        callees: list[Function] = []
        for atom in sorted(value, key=repr):
            if isinstance(atom, Reference) and (function := self.program.functions.get(atom.definition)) is not None:
                callees.append(function)
            found = self.cells.join(found, self._call_atom(atom, arguments, node))
        if callees and len(callees) == len(value):
            self.cells.callees[id(node)] = callees
        return found

    def _call_atom(self, atom: Atom, arguments: Arguments, node: ast.Call) -> Value:
        if isinstance(atom, Reference):
            if (function := self.program.functions.get(atom.definition)) is not None:
                return self.binder.call(function, arguments, 0)
            return self.binder.instantiate(self.program.classes[atom.definition], arguments)
        if isinstance(atom, Bound):
            return self._call_bound(atom, arguments, node)
        if atom == Outside("functools.partial") and len(arguments.positional) == 1 and not arguments.is_starred:
            return self._bind_partial(arguments, node)
        self.binder.escape(arguments)
        if not isinstance(atom, Outside):
            return ANY
        if is_known_call(atom.target):
            self.cells.pure_calls.add(id(node))
            return known_call(atom.target, arguments.positional)
        if (
            atom.target.startswith(_MAKES_INSTANCE)
            and is_definite(atom)
            and atom.target.rpartition(".")[2][:1].isupper()
        ):
            return frozenset([Thing("instance")])
        return ANY

    def _bind_partial(self, arguments: Arguments, node: ast.Call) -> Value:
        """`partial(function, key=value, **record)`: the keywords become a record of their own."""
        self.cells.put(arguments.positional[0], "bound", node)
        record = Record(node)
        for name, value in arguments.keywords.items():
            self.binder.put(record, name, value)
        for found in arguments.records:
            self.binder.merge(record, found)
        if arguments.is_double_starred:
            self.cells.put(ANY, "record", node)
        return frozenset([Bound(node)])

    def _call_bound(self, atom: Bound, arguments: Arguments, node: ast.Call) -> Value:
        inner = replace(arguments, records=[*arguments.records, Record(atom.call)])
        found: Value = NOTHING
        function = self.cells.read("bound", atom.call)
        if function is None:
            self.binder.escape(inner)
            return ANY
        for part in sorted(function, key=repr):
            if part != atom:
                found = self.cells.join(found, self._call_atom(part, inner, node))
        return found

    # Builtins

    # Methods

    def _call_attribute(self, node: ast.Call, function: ast.Attribute) -> Value:
        value_node, name = function.value, function.attr
        if isinstance(value_node, ast.Call) and self._is_super(value_node):
            return self._call_super(name, node)
        if isinstance(value_node, ast.Name):
            if value_node.id == self.frame.self_name and id(value_node) not in self.program.links:
                return self._call_own(name, node)
            if value_node.id in self.frame.records:
                return self._ask_record(self.frame.records[value_node.id], name, node)
        target, rest = self.program.target(function)
        if target is None:
            return self._call_method(self.evaluate(value_node), name, node)
        root = function
        while isinstance(root, ast.Attribute):
            root = root.value  # type: ignore[assignment]
        value = self.target_value(target, root.id if isinstance(root, ast.Name) else "")
        if not rest:
            return self.call_value(value, node)
        for attribute in rest[:-1]:
            value = self._attribute_of(value, attribute)
        return self._call_method(value, rest[-1], node)

    def _call_method(self, value: Value, name: str, node: ast.Call) -> Value:
        if value == NOTHING:
            return NOTHING
        atoms = value or ()
        if name in ("__setattr__", "__delattr__", "__getattribute__", "__getattr__"):
            self.lose_attributes()
        if atoms and all(isinstance(atom, Outside) for atom in atoms):
            return self.call_value(
                frozenset(Outside(f"{a.target}.{name}") for a in atoms if isinstance(a, Outside)), node
            )
        if name == "get" and (table := only_table(value)) is not None and 0 < len(node.args) <= 2 and not node.keywords:
            return self._get(table, node)
        arguments = self.arguments(node)
        self.cells.escape(frozenset(atom for atom in atoms if isinstance(atom, Table | Bound)))
        found = call_text_method(value, name, arguments.positional) if not node.keywords else ANY
        if found is not ANY:
            self.cells.pure_calls.add(id(node))
            return found
        if atoms and all(isinstance(atom, Reference) for atom in atoms):
            for atom in atoms:
                if isinstance(atom, Reference):
                    self._call_on_reference(atom, name, arguments)
            return ANY
        for method in self.cells.methods_called(name, None):
            self.binder.call(method, arguments, method.n_implied)
        self.cells.leak_attribute(name)
        self.binder.escape(arguments)
        if value is None or Thing("self") in value:
            self._note_registration(name, None, arguments)
        return ANY

    def _get(self, table: Definition, node: ast.Call) -> Value:
        """`TABLE.get(key, default)`."""
        key = self.evaluate(node.args[0])
        default = self.evaluate(node.args[1]) if len(node.args) > 1 else frozenset([Constant("None", None)])
        if key == NOTHING:
            return NOTHING
        self.cells.pure_calls.add(id(node))
        found = self.looked_up(table, key)
        is_there = key is not None and all(_is_key(self.program.tables[table], atom) for atom in key)
        return found if is_there else self.cells.join(found, default)

    def _call_on_reference(self, atom: Reference, name: str, arguments: Arguments) -> None:
        """`Base.__init__(self, ...)`, `Block.build(...)`."""
        found = self.program.classes.get(atom.definition)
        method = self.program.method(found, name) if found is not None else None
        self.cells.note_read(name)
        if method is None:
            self.cells.escape_definition(atom.definition)
            self.binder.escape(arguments)
        else:
            self.binder.call(method, arguments, 1 if method.kind == "class" else 0)

    def _call_own(self, name: str, node: ast.Call) -> Value:
        owner = self.frame.owner
        assert owner is not None
        family = owner.family
        methods = family.methods(name)
        if not methods and name in LAYER_NAMES:
            arguments = self.arguments(node)
            self.binder.escape(arguments)
            self._note_registration(name, family, arguments)
            return ANY
        if not methods or any(method.kind == "property" for method in methods):
            return self.call_value(self._own_attribute(name), node)
        arguments = self.arguments(node)
        found: Value = NOTHING
        for method in self.cells.methods_called(name, family):
            found = self.cells.join(found, self.binder.call(method, arguments, method.n_implied))
        if family.is_open:
            self.binder.escape(arguments)
            return ANY
        return found

    def _call_super(self, name: str, node: ast.Call) -> Value:
        arguments = self.arguments(node)
        owner = self.frame.owner
        if owner is None:
            self.binder.escape(arguments)
            return ANY
        candidates = self._above(owner, name)
        found: Value = NOTHING
        self.cells.note_read(name)
        for method in candidates:
            found = self.cells.join(found, self.binder.call(method, arguments, method.n_implied))
        if owner.family.is_open or not candidates:
            self.binder.escape(arguments)
            self._note_registration(name, owner.family, arguments)
            return ANY
        return found

    def _above(self, owner: Class, name: str) -> list[Function]:
        """The methods that `super().name` may mean: the next one up, or any other one where bases are several."""
        if all(len(member.bases) <= 1 for member in owner.family.classes):
            lineage = self.program.linearised(owner)[1:]
            return [method for member in lineage if (method := member.methods.get(name)) is not None][:1]
        return [method for method in owner.family.methods(name) if method.owner is not owner]

    def _is_super(self, node: ast.Call) -> bool:
        link = self.program.links.get(id(node.func))
        return isinstance(node.func, ast.Name) and node.func.id == "super" and link is not None

    def _note_registration(self, name: str, family: Family | None, arguments: Arguments) -> None:
        """`register_buffer("name", ...)` and the like set an attribute; torch refuses taken names."""
        if name in ("register_buffer", "register_parameter", "add_module", "register_module") and arguments.positional:
            found = only(arguments.positional[0])
            if found is not None:
                self.cells.write_attribute(family, str(found.value), ANY)
        if name in ("__setattr__", "__dict__"):
            self.cells.write_all_attributes(lambda _: True)

    def _ask_record(self, record: Record, name: str, node: ast.Call) -> Value:
        """`kwargs.get("key", default)` and `kwargs.pop(...)`."""
        key = str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ""
        default = self.evaluate(node.args[1]) if len(node.args) > 1 else NOTHING
        if name == "get" and len(node.args) == 1:
            default = frozenset([Constant("None", None)])
        if name == "get":
            self.cells.pure_calls.add(id(node))
        elif name == "setdefault":
            self.binder.put(record, key, default)
        else:
            self.binder.take(record)
        return self.cells.join(default, self.binder.key(record, key))


def _is_key(table: Mapping[object, Entry], atom: Atom) -> bool:
    return isinstance(atom, Constant) and atom.value in table
