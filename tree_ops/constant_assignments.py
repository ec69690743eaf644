# ruff: noqa: N802 - methods are named after the syntax that they evaluate
"""Assignments: to local names, names of modules, attributes, items and records."""

import ast
from collections.abc import Sequence

from archgraft.tree_ops.constant_binding import Record
from archgraft.tree_ops.constant_calling import Calls
from archgraft.tree_ops.constant_locals import display_items
from archgraft.tree_ops.constant_values import ANY, NOTHING, Value
from archgraft.tree_ops.index import Definition


class Assignments(Calls):
    """Runs assignments."""

    def visit_Assign(self, node: ast.Assign) -> None:
        record = self._record_of(node.targets[0]) if len(node.targets) == 1 else None
        if record is not None and display_items(node.value) is not None:
            self._fill(record, display_items(node.value) or [])
            return
        value = self.evaluate(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple | ast.List) and isinstance(node.value, ast.Tuple):
                self._unpack(target, node.value)
            else:
                self.assign(target, value)

    def _fill(self, record: Record, items: Sequence[tuple[str | None, ast.expr]]) -> None:
        """A display makes a record, from others too."""
        for name, item in items:
            other = self._record_of(item)
            if name is not None:
                self.binder.put(record, name, self.evaluate(item))
            elif other is not None:
                self.binder.merge(record, other)
            elif isinstance(item, ast.Name):
                self.lose([item])
                self.cells.put(ANY, "record", record.owner)

    def _record_of(self, target: ast.expr) -> Record | None:
        return self.frame.records.get(target.id) if isinstance(target, ast.Name) else None

    def _unpack(self, target: ast.Tuple | ast.List, value: ast.Tuple) -> None:
        items = [*target.elts, *value.elts]
        if len(target.elts) != len(value.elts) or any(isinstance(item, ast.Starred) for item in items):
            self.assign(target, ANY)
            return
        for part, found in zip(target.elts, [self.evaluate(item) for item in value.elts], strict=True):
            self.assign(part, found)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.lose([node.value])
        if isinstance(node.target, ast.Subscript):
            self.lose([node.target.value, node.target.slice])
        else:
            self.assign(node.target, ANY)

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target."""
        if isinstance(target, ast.Name):
            self.assign_name(target.id, target, value)
        elif isinstance(target, ast.Attribute):
            self._assign_attribute(target, value)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, value)
        else:
            self.cells.escape(value)
            for part in ast.iter_child_nodes(target):
                if isinstance(part, ast.expr):
                    self.assign(part, ANY)

    def assign_name(self, name: str, node: ast.AST, value: Value) -> None:
        """Bind a name, local or of the module."""
        link = self.program.links.get(id(node))
        frame = self.frame
        if link is not None and isinstance(link.target, Definition):
            self.cells.put(value, "global", link.target)
        elif name in frame.unknown or frame.env is None:
            self.cells.escape(value)
        else:
            frame.env[name] = value
            for attempt in frame.attempts if value is not ANY else ():
                attempt[name] = self.cells.join(attempt.get(name, NOTHING), value)

    def _assign_attribute(self, target: ast.Attribute, value: Value) -> None:
        is_own = isinstance(target.value, ast.Name) and target.value.id == self.frame.self_name
        if is_own and self.frame.owner is not None:
            self.cells.write_attribute(self.frame.owner.family, target.attr, value)
        else:
            self.evaluate(target.value)
            self.cells.write_attribute(None, target.attr, value)

    def _assign_item(self, target: ast.Subscript, value: Value) -> None:
        record = self._record_of(target.value)
        if record is not None and isinstance(target.slice, ast.Constant):
            self.binder.put(record, str(target.slice.value), value)
            return
        self.cells.escape(value)
        self.lose([target.value, target.slice])

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            record = self._record_of(target.value) if isinstance(target, ast.Subscript) else None
            if record is not None:
                self.binder.take(record)
                continue
            self.assign(target, ANY)
