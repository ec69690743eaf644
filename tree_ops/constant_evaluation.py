# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""What an expression can be, given what is known of the names in it: abstract evaluation of one expression.

Evaluation also finds what the expression does with functions and classes of the closure: it calls them with known
arguments, or loses them from sight.
"""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from archgraft.tree_ops.constant_binding import Arguments, Binder, Record
from archgraft.tree_ops.constant_calls import has_attribute, known_name, operation, version_answer
from archgraft.tree_ops.constant_cells import ANY_KEY, Cells
from archgraft.tree_ops.constant_program import Class, Function
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
    is_definite,
    is_none,
    only,
    tables,
    truth,
    truth_of,
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


class Evaluation(ABC):
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
        self.cells.escape(frozenset(atom for atom in value or () if isinstance(atom, Bound | Table)))
        self.cells.escape_methods(name)
        self.cells.leak_attribute(name)
        return ANY

    def _own_attribute(self, name: str) -> Value:
        owner = self.frame.owner
        assert owner is not None
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

    def visit_BoolOp(self, node: ast.BoolOp) -> Value:
        """What `and` and `or` hand on; operands behind a decided one are never evaluated."""
        goes_on = isinstance(node.op, ast.And)
        found: Value = NOTHING
        env = self.frame.env
        for number, operand in enumerate(node.values):
            value = self.evaluate(operand)
            self.facts[id(operand)] = self.cells.join(self.facts.get(id(operand), NOTHING), value)
            if value == NOTHING:
                break
            is_last = number + 1 == len(node.values)
            found = self.cells.join(found, value if is_last else _those(value, not goes_on))
            if truth(value) is (not goes_on) or is_last:
                break
            self.frame.env = self.refined(operand, goes_on)
            if self.frame.env is None:
                break
        self.frame.env = env
        return found

    def visit_IfExp(self, node: ast.IfExp) -> Value:
        answer = self.test(node.test)
        if self.facts[id(node.test)] == NOTHING:
            return NOTHING
        found: Value = NOTHING
        env = self.frame.env
        for side, branch in ((True, node.body), (False, node.orelse)):
            if answer is not (not side):
                self.frame.env = self.refined(node.test, side)
                if self.frame.env is not None:
                    found = self.cells.join(found, self.evaluate(branch))
        self.frame.env = env
        return found

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            self.facts[id(node.operand)] = self.cells.join(self.facts.get(id(node.operand), NOTHING), value)
            negated = truths([] if value == NOTHING else map(truth_of, value) if value is not None else [None])
            return frozenset(Constant(repr(not atom.value), not atom.value) for atom in _constants(negated))
        found = only(value)
        if found is not None and isinstance(found.value, int | float) and isinstance(node.op, ast.USub | ast.UAdd):
            return constant(-found.value if isinstance(node.op, ast.USub) else found.value)
        return NOTHING if value == NOTHING else ANY

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if NOTHING in (left, right):
            return NOTHING
        return operation(type(node.op).__name__, left, right)

    def visit_Compare(self, node: ast.Compare) -> Value:
        if len(node.ops) > 1:
            self.lose([node.left, *node.comparators])
            return ANY
        left_node, right_node, operator = node.left, node.comparators[0], node.ops[0]
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right_node, ast.Name):
            record = self.frame.records.get(right_node.id)
            if record is not None and isinstance(left_node, ast.Constant):
                may_be_there = self.binder.key(record, str(left_node.value)) != NOTHING
                return truths([None if may_be_there else isinstance(operator, ast.NotIn)])
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right_node, ast.Call):
            answer = self._is_in_dir(left_node, right_node)
            if answer is not None:
                return truths([answer is isinstance(operator, ast.In)])
        if isinstance(operator, ast.In | ast.NotIn) and self.program.dotted(right_node) == "os.environ":
            return truths([isinstance(operator, ast.NotIn)])  # the environment counts as empty
        items = self._items_of(right_node) if isinstance(operator, ast.In | ast.NotIn) else None
        if items is not None:
            return self._is_among(operator, self.evaluate(left_node), items)
        left, right = self.evaluate(left_node), self.evaluate(right_node)
        if isinstance(operator, ast.In | ast.NotIn) and (table := only_table(right)) is not None:
            return self._is_in_table(operator, left, table)
        if NOTHING in (left, right):
            return NOTHING
        if left is None or right is None:
            return truths([None])
        return truths(_compare(operator, first, second) for first in left for second in right)

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

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            record = self.frame.records.get(node.value.id)
            if record is not None:
                return self.binder.key(record, str(node.slice.value))
        value = self.evaluate(node.value)
        index = self.evaluate(node.slice)
        self.cells.escape(index)
        if (table := only_table(value)) is not None:
            return self.looked_up(table, index)
        found, where = only(value), only(index)
        if found is not None and where is not None and isinstance(found.value, tuple | str):
            try:
                return constant(found.value[where.value])
            except (TypeError, LookupError):
                return ANY
        if value is not None and value == frozenset([Outside("sys.version_info")]) and where is not None:
            return frozenset([Constant("3", 3)]) if where.value == 0 else ANY
        self.cells.escape(value)
        return NOTHING if value == NOTHING else ANY

    def looked_up(self, table: Definition, key: Value) -> Value:
        """What a table may hold under a key: nothing where the key isn't there."""
        if key is None or not all(isinstance(atom, Constant) for atom in key):
            self.cells.open_table(table)
            return ANY
        found: Value = NOTHING
        for atom in key:
            if isinstance(atom, Constant):
                self.cells.ask_table(table, atom.value)
                entry = self.program.tables[table].get(atom.value)
                if entry is not None:
                    found = self.cells.join(found, self.binder.module_value(entry.value))
        return ANY if self.cells.is_open_table(table) else found

    def _is_in_dir(self, name: ast.expr, call: ast.Call) -> bool | None:
        """`"silu" in dir(torch.nn.functional)`."""
        if not isinstance(call.func, ast.Name) or call.func.id != "dir" or len(call.args) != 1:
            return None
        target, wanted = self.program.dotted(call.args[0]), only(self.evaluate(name))
        if not target or wanted is None or id(call.func) not in self.program.links:
            return None
        self.cells.pure_calls.add(id(call))
        return has_attribute(target, str(wanted.value))

    def _items_of(self, node: ast.expr) -> list[Value] | None:
        """What a collection of names holds, where nothing but membership is asked of it."""
        target, rest = self.program.target(node)
        if rest or not isinstance(target, Definition) or target not in self.program.collections:
            return None
        items = self.program.collections[target]
        if isinstance(items, Definition):
            if self.cells.is_open_table(items):
                return None
            items = [entry.value for entry in self.program.tables.get(items, {}).values()]
        if self.cells.is_open_table(target) or not items:
            return None
        return [self.binder.module_value(item) for item in items]

    def _is_among(self, operator: ast.cmpop, value: Value, items: list[Value]) -> Value:
        if value == NOTHING or NOTHING in items:
            return NOTHING
        answers: list[bool | None] = []
        for atom in value if value is not None else ():
            found = [_compare(ast.Eq(), atom, other) for item in items for other in item or [Thing("unknown")]]
            is_there = True if True in found else None if None in found else False
            answers.append(is_there if is_there is None or isinstance(operator, ast.In) else not is_there)
        return truths(answers) if value is not None else truths([None])

    def _is_in_table(self, operator: ast.cmpop, key: Value, table: Definition) -> Value:
        """`key in TABLE`; the keys that are asked for stay in the text."""
        if key == NOTHING:
            return NOTHING
        if key is None or not all(isinstance(atom, Constant) for atom in key):
            self.cells.ask_table(table, ANY_KEY)
            return truths([None])
        answers = []
        for atom in key:
            if isinstance(atom, Constant):
                self.cells.ask_table(table, atom.value)
                answers.append((atom.value in self.program.tables[table]) is isinstance(operator, ast.In))
        return truths([None] if self.cells.is_open_table(table) else answers)

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

    # Conditions

    def refined(self, test: ast.expr, side: bool) -> Environment | None:
        """The local names where a test came out as `side`; None where it can't."""
        env = self.frame.env
        if env is None:
            return None
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.refined(test.operand, not side)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is side:
            outer = env
            for operand in test.values:
                self.frame.env = self.refined(operand, side)
                if self.frame.env is None:
                    break
            refined, self.frame.env = self.frame.env, outer
            return refined
        if isinstance(test, ast.Call) and len(test.args) == 2 and isinstance(test.args[0], ast.Name):
            return self._narrowed_by_type(env, test.args[0].id, test, side)
        name = test.left if isinstance(test, ast.Compare) and len(test.ops) == 1 else test
        if not isinstance(name, ast.Name) or name.id not in env:
            return dict(env)
        return self._narrowed(env, name.id, test, side)

    @abstractmethod
    def instance_answer(self, atom: Atom, test: ast.Call) -> bool | None:
        """Whether a call of `isinstance` holds for an atom; None where that isn't known, and for other calls."""

    def _narrowed_by_type(self, env: Environment, name: str, test: ast.Call, side: bool) -> Environment | None:
        value = env.get(name)
        if value is None or name in self.frame.unknown:
            return dict(env)
        kept = frozenset(atom for atom in value if self.instance_answer(atom, test) is not (not side))
        return {**env, name: kept} if kept or not value else None

    def _narrowed(self, env: Environment, name: str, test: ast.expr, side: bool) -> Environment | None:
        value = env[name]
        if isinstance(test, ast.Compare):
            operator, other = test.ops[0], test.comparators[0]
            is_same = isinstance(operator, ast.Is | ast.Eq)
            if not isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) or not isinstance(other, ast.Constant):
                return dict(env)
            if value is None:
                wanted = is_same is side and isinstance(operator, ast.Is | ast.IsNot) and other.value is None
                return {**env, name: constant(None)} if wanted else dict(env)
            compared = constant(other.value)
            kept = frozenset(
                atom for atom in value if _compare(operator, atom, next(iter(compared or NOTHING))) is not (not side)
            )
        else:
            if value is None:
                return dict(env)
            kept = frozenset(atom for atom in value if truth_of(atom) is not (not side))
        return {**env, name: kept} if kept or not value else None


def _constants(value: Value) -> list[Constant]:
    return [atom for atom in value or () if isinstance(atom, Constant)]


def _those(value: Value, side: bool) -> Value:
    """The atoms that may count as `side`."""
    return frozenset(atom for atom in value if truth_of(atom) is not (not side)) if value is not None else ANY


def _compare(operator: ast.cmpop, first: Atom, second: Atom) -> bool | None:
    """One comparison of two atoms."""
    name = type(operator).__name__
    if name in ("Is", "IsNot"):
        same = _is_same(first, second)
        return same if same is None or name == "Is" else not same
    if isinstance(first, Outside) and isinstance(second, Constant):
        answer = version_answer(first.target, name, second.value)
        if answer is not None:
            return answer
    if isinstance(first, Constant) and isinstance(second, Constant):
        return _compare_constants(name, first, second)
    if name in ("Eq", "NotEq") and (_is_callable(first) or _is_callable(second)):
        same = True if first == second else False if {type(first), type(second)} != {Outside} else None
        if isinstance(first, Thing) or isinstance(second, Thing):
            same = None
        return same if same is None or name == "Eq" else not same
    return None


def _is_callable(atom: Atom) -> bool:
    return isinstance(atom, Reference) or is_definite(atom)


def _is_same(first: Atom, second: Atom) -> bool | None:
    for one, other in ((first, second), (second, first)):
        if isinstance(other, Constant) and other.value is None:
            return is_none(one)
        if isinstance(other, Constant) and isinstance(other.value, bool):
            return one == other if isinstance(one, Constant) else None if isinstance(one, Outside) else False
    if isinstance(first, Reference) and isinstance(second, Reference):
        return first == second
    if first == second and is_definite(first):
        return True
    return None


def _compare_constants(name: str, first: Constant, second: Constant) -> bool | None:
    try:
        if name in ("In", "NotIn"):
            return bool(first.value in second.value) is (name == "In")
        found = only(operation(name, frozenset([first]), frozenset([second])))
    except TypeError:
        return None
    return bool(found.value) if found is not None else None


def only_table(value: Value) -> Definition | None:
    """The one table that a value is."""
    found = tables(value)
    return found[0] if value is not None and len(value) == len(found) == 1 else None
