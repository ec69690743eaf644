"""Calls of builtins: questions about types and attributes, and functions of constants."""

import ast
from collections.abc import Callable, Iterable

from archgraft.tree_ops.constant_binding import Arguments
from archgraft.tree_ops.constant_calls import PURE_BUILTINS, PURE_QUESTIONS, has_attribute, known_call
from archgraft.tree_ops.constant_conditions import Conditions
from archgraft.tree_ops.constant_values import (
    ANY,
    NOTHING,
    Atom,
    Bound,
    Constant,
    Outside,
    Reference,
    Thing,
    Value,
    instance_of,
    is_definite,
    only,
    truths,
)
from archgraft.tree_ops.constant_worklist import GivenUpError

_UNFOLLOWED = frozenset({"globals", "exec", "eval", "compile"})
_MAKERS = {"dict": "dict", "list": "list", "set": "set", "object": "instance"}


class Builtins(Conditions):
    """Evaluates calls of builtins."""

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

    def call_builtin(self, name: str, node: ast.Call) -> Value:
        """Call a builtin."""
        if name in _UNFOLLOWED:
            raise GivenUpError(f"the code calls {name}()")
        if name == "vars" and node.args:
            self.lose_attributes()
        if name == "locals" or (name == "vars" and not node.args):
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
        return self._is_of_a_kind(node, self._is_instance)

    def _is_of_a_kind(self, node: ast.Call, is_of: Callable[[Atom | None, Atom | None], bool | None]) -> Value:
        """Whether the first argument is of one of the kinds that the second lists."""
        self.cells.pure_calls.add(id(node))
        if len(node.args) != 2:
            return ANY
        value = self.evaluate(node.args[0])
        kinds = self._kinds_of(node)
        if value == NOTHING:
            return NOTHING
        atoms = value if value is not None else [None]
        return truths(_any_of(is_of(atom, kind) for kind in kinds) for atom in atoms)

    def _kinds_of(self, test: ast.Call) -> list[Atom | None]:
        """What the second argument of `isinstance` or `issubclass` may list; None for what isn't known."""
        return [kind for part in _kinds(test.args[1]) for kind in self.evaluate(part) or [None]]

    def instance_answer(self, atom: Atom, test: ast.Call) -> bool | None:
        """Whether a call of `isinstance` holds for an atom; None where that isn't known, and for other calls."""
        link = self.program.links.get(id(test.func))
        if not isinstance(test.func, ast.Name) or test.func.id != "isinstance" or link is None:
            return None
        return _any_of(self._is_instance(atom, kind) for kind in self._kinds_of(test))

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
        return self._is_of_a_kind(node, self._is_subclass)

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


def _any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of them is yes; None where that hangs on one that isn't known."""
    found = set(answers)
    return True if True in found else None if None in found else False


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
