# ruff: noqa: N802 - methods are named after the syntax that they evaluate
"""Comparisons, and looking into tables, records and collections that are known."""

import ast

from archgraft.tree_ops.constant_calls import has_attribute
from archgraft.tree_ops.constant_comparing import compare, only_table
from archgraft.tree_ops.constant_escape import ANY_KEY
from archgraft.tree_ops.constant_evaluation import Evaluation
from archgraft.tree_ops.constant_values import (
    ANY,
    NOTHING,
    Constant,
    Outside,
    Thing,
    Value,
    constant,
    only,
    truths,
)
from archgraft.tree_ops.index import Definition


class Lookups(Evaluation):
    """Evaluates comparisons and subscripts."""

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
        return truths(compare(operator, first, second) for first in left for second in right)

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
            found = [compare(ast.Eq(), atom, other) for item in items for other in item or [Thing("unknown")]]
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
