# ruff: noqa: N802 - methods are named after the syntax that they evaluate
"""Calls: of functions and classes of the closure, of methods through objects, of builtins and libraries."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from archgraft.tree_ops.constant_binding import Arguments, Record
from archgraft.tree_ops.constant_calls import PURE_BUILTINS, PURE_QUESTIONS, has_attribute, is_known_call, known_call
from archgraft.tree_ops.constant_calls import text_method as call_text_method
from archgraft.tree_ops.constant_cells import GivenUpError
from archgraft.tree_ops.constant_evaluation import Evaluation, only_table
from archgraft.tree_ops.constant_program import Class, Entry, Family, Function
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
    instance_of,
    is_definite,
    only,
    truths,
)
from archgraft.tree_ops.index import Builtin, Definition
from archgraft.tree_ops.torch_names import LAYER_NAMES

_MAKES_INSTANCE = "torch.nn."
_UNFOLLOWED = frozenset({"vars", "globals", "exec", "eval", "compile"})
_MAKERS = {"dict": "dict", "list": "list", "set": "set", "object": "instance"}


class Calls(Evaluation):
    """Evaluates calls."""

    def visit_Call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Name):
            link = self.program.links.get(id(function))
            if link is not None and isinstance(link.target, Builtin):
                return self._call_builtin(function.id, node)
        if isinstance(function, ast.Attribute):
            return self._call_attribute(node, function)
        return self.call_value(self.evaluate(function), node)

    def arguments(self, node: ast.Call) -> Arguments:
        """The arguments of a call, evaluated."""
        found = Arguments()
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.lose([argument.value])
                found.is_starred = True
            elif found.is_starred:
                self.lose([argument])
            else:
                found.positional.append(self.evaluate(argument))
        for keyword in node.keywords:
            if keyword.arg is not None:
                found.keywords[keyword.arg] = self.evaluate(keyword.value)
                continue
            name = keyword.value.id if isinstance(keyword.value, ast.Name) else ""
            if name in self.frame.records:
                found.records.append(self.frame.records[name])
            else:
                self.lose([keyword.value])
                found.is_double_starred = True
        return found

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

    def _call_builtin(self, name: str, node: ast.Call) -> Value:
        if name in _UNFOLLOWED:
            raise GivenUpError(f"the code calls {name}()")
        if name == "locals":
            for value in (self.frame.env or {}).values():
                self.cells.escape(value)
        special: Callable[[ast.Call], Value] | None = getattr(self, f"_builtin_{name}", None)
        if special is not None and not any(isinstance(argument, ast.Starred) for argument in node.args):
            return special(node)
        arguments = self.arguments(node)
        self.binder.escape(arguments)
        if NOTHING in arguments.values():
            return NOTHING
        if name in PURE_BUILTINS or name in PURE_QUESTIONS:
            self.cells.pure_calls.add(id(node))
        if name in PURE_BUILTINS and not node.keywords:
            return known_call(f"builtins.{name}", arguments.positional)
        return frozenset([Thing(_MAKERS[name])]) if name in _MAKERS else ANY

    def _builtin_isinstance(self, node: ast.Call) -> Value:
        self.cells.pure_calls.add(id(node))
        if len(node.args) != 2:
            return ANY
        value = self.evaluate(node.args[0])
        kinds = [kind for part in _kinds(node.args[1]) for kind in self.evaluate(part) or [None]]
        if value == NOTHING:
            return NOTHING
        answers = []
        for atom in value if value is not None else [None]:
            found = [self._is_instance(atom, kind) for kind in kinds]
            answers.append(True if True in found else None if None in found else False)
        return truths(answers)

    def instance_answer(self, atom: Atom, test: ast.Call) -> bool | None:
        """Whether a call of `isinstance` holds for an atom; None where that isn't known, and for other calls."""
        link = self.program.links.get(id(test.func))
        if not isinstance(test.func, ast.Name) or test.func.id != "isinstance" or link is None:
            return None
        found = [
            self._is_instance(atom, kind) for part in _kinds(test.args[1]) for kind in self.evaluate(part) or [None]
        ]
        return True if True in found else None if None in found else False

    def _is_instance(self, atom: Atom | None, kind: Atom | None) -> bool | None:
        if isinstance(kind, Reference):
            found = self.program.classes.get(kind.definition)
            if found is None or not self.program.index.is_module_class(kind.definition) or found.family.is_open:
                return None
            never = isinstance(atom, Constant | Reference) or not self.cells.may_have_instances(found)
            return False if never else None
        if isinstance(atom, Reference) and isinstance(kind, Outside):
            is_known_class = atom.definition in self.program.classes
            if kind.target in ("functools.partial", "types.FunctionType"):
                function = self.program.functions.get(atom.definition)
                if function is not None and (function.is_opaque or kind.target == "functools.partial"):
                    return None if function.is_opaque else False
                return not is_known_class
            if kind.target == "builtins.type":
                return is_known_class
        return instance_of(atom, kind) if atom is not None and kind is not None else None

    def _builtin_issubclass(self, node: ast.Call) -> Value:
        self.cells.pure_calls.add(id(node))
        if len(node.args) != 2:
            return ANY
        value = self.evaluate(node.args[0])
        kinds = [kind for part in _kinds(node.args[1]) for kind in self.evaluate(part) or [None]]
        if value == NOTHING:
            return NOTHING
        answers = []
        for atom in value if value is not None else [None]:
            found = [self._is_subclass(atom, kind) for kind in kinds]
            answers.append(True if True in found else None if None in found else False)
        return truths(answers)

    def _is_subclass(self, atom: Atom | None, kind: Atom | None) -> bool | None:
        ancestor = self.program.classes.get(kind.definition) if isinstance(kind, Reference) else None
        if ancestor is None or ancestor.family.is_open:
            return None
        if isinstance(atom, Reference) and (found := self.program.classes.get(atom.definition)) is not None:
            return ancestor in self.program.linearised(found)
        return False if atom is not None and is_definite(atom) else None

    def _builtin_callable(self, node: ast.Call) -> Value:
        self.cells.pure_calls.add(id(node))
        value = self.evaluate(node.args[0]) if node.args else ANY
        if value == NOTHING:
            return NOTHING
        return truths(_is_callable(atom) for atom in value) if value is not None else truths([None])

    def _builtin_hasattr(self, node: ast.Call) -> Value:
        self.cells.pure_calls.add(id(node))
        value = self.evaluate(node.args[0])
        name = only(self.evaluate(node.args[1]))
        if name is None:
            return truths([None])
        if value and all(isinstance(atom, Outside) for atom in value):
            return truths(has_attribute(atom.target, name.value) for atom in value if isinstance(atom, Outside))
        self.cells.escape_methods(str(name.value))
        return truths([None])

    def _builtin_getattr(self, node: ast.Call) -> Value:
        self.cells.pure_calls.add(id(node))
        value = self.evaluate(node.args[0])
        self.lose(node.args[2:])
        name = self.evaluate(node.args[1])
        if value and all(isinstance(atom, Outside) for atom in value):
            return ANY
        names = _name_test(node.args[1], name)
        self.cells.escape_all_methods(names) if only(name) is None else self._lose_attribute(str(only(name).value))  # type: ignore[union-attr]
        return ANY

    def _lose_attribute(self, name: str) -> None:
        self.cells.escape_methods(name)
        self.cells.leak_attribute(name)

    def _builtin_setattr(self, node: ast.Call) -> Value:
        self.evaluate(node.args[0])
        name = self.evaluate(node.args[1])
        value = self.evaluate(node.args[2])
        if (found := only(name)) is not None:
            self.cells.write_attribute(None, str(found.value), value)
        else:
            self.cells.escape(value)
            self.cells.write_all_attributes(_name_test(node.args[1], name))
        return ANY

    def _builtin_delattr(self, node: ast.Call) -> Value:
        self.evaluate(node.args[0])
        self.cells.write_all_attributes(_name_test(node.args[1], self.evaluate(node.args[1])))
        return ANY

    def _builtin_type(self, node: ast.Call) -> Value:
        is_own = len(node.args) == 1 and isinstance(node.args[0], ast.Name) and node.args[0].id == self.frame.self_name
        self.lose(node.args)
        self.cells.pure_calls.add(id(node))
        self.cells.escape_instances(self.frame.owner.family if is_own and self.frame.owner else None)
        return ANY

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
        return self.cells.join(default, self.binder.key(record, key))


def _kinds(node: ast.expr) -> list[ast.expr]:
    """The types that the second argument of `isinstance` lists."""
    if isinstance(node, ast.Tuple):
        return [kind for item in node.elts for kind in _kinds(item)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_kinds(node.left), *_kinds(node.right)]
    return [node]


def _is_callable(atom: Atom) -> bool | None:
    if isinstance(atom, Constant):
        return False
    if isinstance(atom, Reference) or is_definite(atom):
        return True
    return True if isinstance(atom, Bound) or (isinstance(atom, Thing) and atom.kind == "lambda") else None


def _name_test(node: ast.expr, value: Value) -> Callable[[str], bool]:
    """Which attribute names a computed name may be: those that begin as its text does."""
    if (found := only(value)) is not None:
        return lambda name: name == found.value
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
    prefix = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return lambda name: name.startswith(prefix)


def _is_key(table: Mapping[object, Entry], atom: Atom) -> bool:
    return isinstance(atom, Constant) and atom.value in table
