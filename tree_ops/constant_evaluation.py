# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""What an expression can be, given what is known of the names in it: abstract evaluation of one expression.

Evaluation also finds what the expression does with functions and classes of the closure: it calls them with known
arguments, or loses them from sight.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from archgraft.tree_ops.constant_binding import Arguments, Binder, Record
from archgraft.tree_ops.constant_calls import known_name, operation
from archgraft.tree_ops.constant_cells import Cells
from archgraft.tree_ops.constant_definitions import Class, Family, Function
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
    constant,
    is_class,
    only,
    truth,
    truths,
)
from archgraft.tree_ops.index import Builtin, Definition, External, Target

Environment = dict[str, Value]


@dataclass(slots=True)
class Frame:
    """Where code stands: its local names and its own instance."""

    owner: Class | None = None
    self_name: str | None = None
    function: Function | None = None
    env: Environment | None = field(default_factory=dict)
    """Local names; None where control never comes."""
    outer: Environment = field(default_factory=dict)
    """What is known of enclosing functions' names."""
    records: dict[str, Record] = field(default_factory=dict)
    stable: frozenset[str] = frozenset()
    """Local names that are bound once, so that inner functions see the value that is known now."""
    unknown: frozenset[str] = frozenset()
    """Local names that are bound in ways that are not followed."""
    attempts: list[Environment] = field(default_factory=list)
    """For each `try` at work: all that its names were while it ran."""
    leaving: list[list[Environment]] = field(default_factory=list)
    """For each loop at work: the local names wherever control jumped to its end or start."""


class Evaluation:
    """Evaluates expressions in a frame. Calls are left to `Calls`, which inherits."""

    def __init__(self, cells: Cells, binder: Binder, facts: dict[int, Value]) -> None:
        self.cells = cells
        self.program = cells.program
        self.binder = binder
        self.facts = facts
        """What tests and operands of `and`, `or`, `not` were found to be, by the identity of their nodes."""
        self.frame = Frame()

    def evaluate(self, node: ast.expr | None) -> Value:
        """The value of an expression."""
        if node is None:
            return NOTHING
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            self.lose(inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.expr))
            return ANY
        found: Value = method(node)
        return found

    def test(self, node: ast.expr) -> bool | None:
        """The truth of an expression that decides something; remembered as a fact."""
        value = self.evaluate(node)
        self.facts[id(node)] = self.cells.join(self.facts.get(id(node), NOTHING), value)
        return truth(value)

    def lose(self, nodes: Iterable[ast.expr]) -> None:
        """Evaluate expressions whose values get lost from sight."""
        for node in nodes:
            self.cells.escape(self.evaluate(node))

    # Names

    def visit_Constant(self, node: ast.Constant) -> Value:
        return constant(node.value)

    def visit_Name(self, node: ast.Name) -> Value:
        link = self.program.links.get(id(node))
        if link is not None:
            return self.target_value(link.target, node.id) if not link.n_attributes else ANY
        frame = self.frame
        if (record := frame.records.get(node.id)) is not None:  # what reads a record whole only asks if it is empty
            may_be_full = self.binder.is_open(record) or bool(self.cells.keys_of(record.owner))
            return truths([None if may_be_full else False])
        if node.id in frame.unknown:
            return ANY
        if frame.env is not None and node.id in frame.env:
            return frame.env[node.id]
        return frame.outer.get(node.id, ANY)

    def target_value(self, target: Target, name: str) -> Value:
        """What a name of a module is."""
        if isinstance(target, Definition):
            return self._definition(target)
        if isinstance(target, External):
            known = known_name(target.target)
            return known if known is not ANY else frozenset([Outside(target.target)])
        if isinstance(target, Builtin):
            return constant(False) if name == "__debug__" else frozenset([Outside(f"builtins.{name}")])
        return ANY

    def _definition(self, definition: Definition) -> Value:
        self.cells.demand(definition)
        if definition in self.program.functions:
            return frozenset([Reference(definition)])
        if definition in self.program.classes:
            return frozenset([Reference(definition)])
        if definition in self.program.tables and not self.cells.is_open_table(definition):
            return frozenset([Table(definition)])
        if definition in self.program.collections:
            self.cells.open_table(definition)
        if definition not in self.program.reached.definitions:
            return ANY
        return self.cells.read("global", definition)

    def visit_Attribute(self, node: ast.Attribute) -> Value:
        target, rest = self.program.target(node)
        if target is not None:
            value = self.target_value(target, "")
        elif isinstance(node.value, ast.Name) and node.value.id == self.frame.self_name:
            return self._own_attribute(node.attr)
        else:
            value, rest = self.evaluate(node.value), [node.attr]
        for name in rest:
            value = self._attribute_of(value, name)
        return value

    def _attribute_of(self, value: Value, name: str) -> Value:
        if name == "__name__" and value and all(is_class(atom) for atom in value):
            targets = [atom.target.rpartition(".")[2] for atom in value if isinstance(atom, Outside)]
            return frozenset(Constant(repr(target), target) for target in targets)
        if value is not None and all(isinstance(atom, Outside) for atom in value):
            targets = [f"{atom.target}.{name}" for atom in value if isinstance(atom, Outside)]
            known = [known_name(target) for target in targets]
            return known[0] if len(known) == 1 and known[0] is not ANY else frozenset(map(Outside, targets))
        if value and name in ("func", "keywords") and (found := self._part_of_partials(value, name)) is not ANY:
            return found
        self._reflect(name, None)
        self.cells.escape(frozenset(atom for atom in value or () if isinstance(atom, Bound | Table)))
        self.cells.escape_methods(name)
        self.cells.leak_attribute(name)
        return ANY

    def _part_of_partials(self, value: frozenset[Atom], name: str) -> Value:
        """`partial.func`, or `partial.keywords`, through which the keywords may be changed."""
        calls = [atom.call for atom in value if isinstance(atom, Bound)]
        if len(calls) != len(value):
            return ANY
        if name == "keywords":
            for call in calls:
                self.cells.put(ANY, "record", call)
            return frozenset([Thing("dict")])
        found: Value = NOTHING
        for call in calls:
            found = self.cells.join(found, self.cells.read("bound", call))
        is_nested = found is not None and any(isinstance(atom, Bound) for atom in found)
        return ANY if is_nested else found

    def _reflect(self, name: str, family: Family | None) -> None:
        """`x.__dict__` holds all attributes; `x.__class__` makes other instances."""
        if name == "__dict__":
            self.lose_attributes()
        elif name == "__class__":
            self.cells.escape_instances(family)

    def lose_attributes(self) -> None:
        """Code reads and sets attributes by names that it computes."""
        self.cells.write_all_attributes(lambda _: True)
        self.cells.escape_all_methods(lambda _: True)

    def _own_attribute(self, name: str) -> Value:
        owner = self.frame.owner
        assert owner is not None
        self._reflect(name, owner.family)
        self.cells.note_read(name)
        methods = owner.family.methods(name)
        properties = [method for method in methods if method.kind == "property"]
        if methods and len(properties) == len(methods) and not owner.family.is_open:
            found: Value = NOTHING
            for method in self.cells.methods_called(name, owner.family):
                found = self.cells.join(found, self.binder.call(method, Arguments(), 1))
            return found
        if methods:
            self.cells.escape_methods(name, owner.family)
            self.cells.leak_attribute(name)
            return ANY
        return self.cells.read_attribute(owner.family, name)

    # Operators

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if NOTHING in (left, right):
            return NOTHING
        return operation(type(node.op).__name__, left, right)

    # Displays

    def visit_Tuple(self, node: ast.Tuple) -> Value:
        values = [self.evaluate(item) for item in node.elts]
        constants = [only(value) for value in values]
        if all(found is not None for found in constants):
            return constant(tuple(found.value for found in constants if found is not None))
        for value in values:
            self.cells.escape(value)
        return frozenset([Thing("tuple")])

    def visit_List(self, node: ast.List) -> Value:
        self.lose(node.elts)
        return frozenset([Thing("list")])

    def visit_Set(self, node: ast.Set) -> Value:
        self.lose(node.elts)
        return frozenset([Thing("set")])

    def visit_Dict(self, node: ast.Dict) -> Value:
        self.lose(key for key in node.keys if key is not None)
        self.lose(node.values)
        return frozenset([Thing("dict")])

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Value:
        parts: list[str] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.evaluate(part.value)
                self.cells.escape(value)
                if isinstance(part.format_spec, ast.JoinedStr):
                    self.evaluate(part.format_spec)
                found = only(value)
                is_plain = part.conversion == -1 and part.format_spec is None
                if found is None or not is_plain or not isinstance(found.value, str | int):
                    parts.append("\0")
                else:
                    parts.append(str(found.value))
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        text = "".join(parts)
        return constant(text) if "\0" not in text else frozenset([Thing("text")])

    def visit_Slice(self, node: ast.Slice) -> Value:
        self.lose(part for part in (node.lower, node.upper, node.step) if part is not None)
        return ANY

    def visit_Starred(self, node: ast.Starred) -> Value:
        self.lose([node.value])
        return ANY

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Value:
        self.lose([node.value])  # the name is one of the frame's unknown ones
        return ANY

    # Expressions with scopes of their own

    def visit_Lambda(self, node: ast.Lambda) -> Value:
        self.lose(node.args.defaults)
        self.lose(default for default in node.args.kw_defaults if default is not None)
        names = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        self.in_scope(names, lambda: self.lose([node.body]))
        return frozenset([Thing("lambda")])

    def in_scope(self, names: Iterable[str], run: Callable[[], None], stable: frozenset[str] = frozenset()) -> None:
        """Run in an inner function's scope, which binds the names to anything."""
        frame, hidden = self.frame, set(names)
        known = {**frame.outer, **(frame.env or {})}
        inner = Frame(frame.owner, None if frame.self_name in hidden else frame.self_name)
        inner.outer = {name: value for name, value in known.items() if name not in hidden and name in frame.stable}
        inner.env = dict.fromkeys(hidden, ANY)
        inner.stable = (frame.stable - hidden) | stable
        self.frame = inner
        run()
        self.frame = frame

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        frame, env = self.frame, self.frame.env
        frame.env = dict(env or {})
        for generator in node.generators:
            self.lose([generator.iter])
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name):
                    frame.env[target.id] = ANY
            for condition in generator.ifs:
                self.test(condition)
        self.lose([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        frame.env = env
        return frozenset([Thing("list" if isinstance(node, ast.ListComp) else "iterable")])

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension
