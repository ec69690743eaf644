# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""Runs functions, classes and modules on sets of possible values, and what is defined or imported inside them."""

import ast

from archgraft.tree_ops.constant_binding import Binder, Record
from archgraft.tree_ops.constant_cells import Cells
from archgraft.tree_ops.constant_definitions import Class, Function
from archgraft.tree_ops.constant_evaluation import Environment, Frame
from archgraft.tree_ops.constant_exceptions import Exceptions
from archgraft.tree_ops.constant_locals import locals_of
from archgraft.tree_ops.constant_values import ANY, Value, constant
from archgraft.tree_ops.constant_worklist import Unit
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.links import LinkedPiece
from archgraft.tree_ops.scopes import FunctionNode, all_arguments, bound_name, stored_names


class Flow(Exceptions):
    """Runs one unit."""

    def run_function(self, function: Function) -> None:
        """Run a body with what is known of its parameters."""
        kwarg = function.node.args.kwarg
        env: Environment = {
            argument.arg: self.cells.read("parameter", function, argument.arg)
            for argument in all_arguments(function.node.args)
        }
        self.frame = Frame(function.owner, function.self_name, function, env)
        names = function.names
        self.frame.stable, self.frame.unknown = names.stable, names.unknown
        for name, display in names.records.items():
            self.frame.records[name] = Record(function if display is None else display)
        if kwarg is not None and kwarg.arg not in names.records:
            self.cells.leak_keys(function)
        self.block(function.node.body)
        if self.frame.env is not None:
            self.cells.put(constant(None), "result", function)

    def run_class(self, found: Class) -> None:
        """Run a class statement: its bases, decorators and body."""
        self.frame = Frame(found)
        self.lose(self._kept_decorators(found.node))
        for base in found.node.bases:
            self.evaluate(base)
        self.lose(keyword.value for keyword in found.node.keywords)
        for statement in self.program.live_body(found):
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                method = found.methods[statement.name]
                self.lose(self._kept_decorators(statement))
                if method.node is not statement or method.is_opaque:
                    self._inner_function(statement)
            else:
                self.statement(statement)
        for name, value in (self.frame.env or {}).items():
            self.cells.write_attribute(found.family, name, value)

    def run_piece(self, piece: LinkedPiece) -> None:
        """Run a piece at module level."""
        self.frame = Frame()
        for statement in piece.statements:
            definition = Definition(piece.module.name, getattr(statement, "name", ""))
            function, found = self.program.functions.get(definition), self.program.classes.get(definition)
            if function is not None and function.node is statement:
                kept = self._kept_decorators(function.node)
                self.lose(kept)
                if function.is_opaque and kept:
                    self.cells.escape_function(function)
            elif found is not None and found.node is statement:
                self.cells.worklist.start(found)
            else:
                self.statement(statement)

    def _kept_decorators(self, node: FunctionNode | ast.ClassDef) -> list[ast.expr]:
        return [decorator for decorator in node.decorator_list if id(decorator) not in self.program.dropped]

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for link in self.program.imports.get(id(node), ()):
            if link.value and not link.at_module_level and isinstance(link.target, Definition):
                self.cells.escape_definition(link.target)
        for alias in node.names:
            if alias.name != "*":
                self.assign_name(bound_name(alias, node), alias, ANY)

    visit_ImportFrom = visit_Import

    def visit_Global(self, node: ast.Global) -> None:
        pass

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.frame.unknown |= set(node.names)

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        self.lose(node.decorator_list)
        self._inner_function(node)
        self.assign_name(node.name, node, ANY)

    visit_AsyncFunctionDef = visit_FunctionDef

    def _inner_function(self, node: FunctionNode) -> None:
        """Run the body of a function that anybody may call."""
        self.lose([*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)])
        names = {argument.arg for argument in all_arguments(node.args)}
        inner = locals_of(node)

        def run() -> None:
            self.frame.unknown = inner.unknown
            self.block(node.body)

        self.in_scope(names | inner.bound, run, inner.stable)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.lose([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        owner, name = self.frame.owner, self.frame.self_name
        self.frame.owner = self.frame.self_name = None
        env = dict(self.frame.env or {})
        for statement in node.body:
            self.statement(statement)
        for inner in node.body:
            for bound in stored_names(inner):
                self.cells.write_attribute(None, bound, ANY)
            if isinstance(inner, ast.Assign):
                for target in inner.targets:
                    if isinstance(target, ast.Name):
                        self.cells.write_attribute(None, target.id, ANY)
        for value in (self.frame.env or {}).values():
            self.cells.escape(value)
        self.frame.env, self.frame.owner, self.frame.self_name = env, owner, name
        self.assign_name(node.name, node, ANY)


def run(cells: Cells, unit: Unit) -> dict[int, Value]:
    """Run one unit; what its tests were found to be."""
    facts: dict[int, Value] = {}
    flow = Flow(cells, Binder(cells, lambda node: _module_value(cells, node)), facts)
    if isinstance(unit, Function):
        flow.run_function(unit)
    elif isinstance(unit, Class):
        flow.run_class(unit)
    else:
        flow.run_piece(cells.program.reached.pieces[unit])
    return facts


def _module_value(cells: Cells, node: ast.expr) -> Value:
    """The value of an expression that stands at module level: a parameter's default, an entry of a dictionary."""
    return Flow(cells, Binder(cells, lambda inner: _module_value(cells, inner)), {}).evaluate(node)
