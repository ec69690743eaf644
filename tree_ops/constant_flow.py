# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""Statements: what local names are at each place, branch by branch, where control can come at all."""

import ast
from collections.abc import Callable, Sequence

from archgraft.tree_ops.constant_assignments import Assignments
from archgraft.tree_ops.constant_binding import Binder, Record
from archgraft.tree_ops.constant_cells import Cells, Unit
from archgraft.tree_ops.constant_evaluation import Environment, Frame
from archgraft.tree_ops.constant_locals import locals_of
from archgraft.tree_ops.constant_program import Class, Function
from archgraft.tree_ops.constant_values import ANY, NOTHING, Value, constant, truth
from archgraft.tree_ops.index import PROVIDED, Definition, External, Missing
from archgraft.tree_ops.links import LinkedPiece
from archgraft.tree_ops.scopes import FunctionNode, all_arguments, bound_name, stored_names, walk_scope

_MAX_LOOPS = 12


class Flow(Assignments):
    """Runs statements."""

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
                self.cells.start(found)
            else:
                self.statement(statement)

    def _kept_decorators(self, node: FunctionNode | ast.ClassDef) -> list[ast.expr]:
        return [decorator for decorator in node.decorator_list if id(decorator) not in self.program.dropped]

    # Statements

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Run statements until control ends."""
        for statement in statements:
            if self.frame.env is None:
                return
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Run one statement."""
        method: Callable[[ast.stmt], None] | None = getattr(self, f"visit_{type(node).__name__}", None)
        if method is not None:
            method(node)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.lose([child])

    def visit_Expr(self, node: ast.Expr) -> None:
        self.evaluate(node.value)

    def visit_Pass(self, node: ast.Pass) -> None:
        pass

    # Control

    def visit_If(self, node: ast.If) -> None:
        answer = self.test(node.test)
        if self.facts[id(node.test)] == NOTHING:
            self.frame.env = None
            return
        then_env = self.refined(node.test, True) if answer is not False else None
        else_env = self.refined(node.test, False) if answer is not True else None
        self.frame.env = then_env
        self.block(node.body)
        then_env, self.frame.env = self.frame.env, else_env
        self.block(node.orelse)
        self.frame.env = self._either(then_env, self.frame.env)

    def _either(self, first: Environment | None, second: Environment | None) -> Environment | None:
        """The local names after two ways that meet; a name that one way lacks has the other's value."""
        if first is None or second is None:
            return second if first is None else first
        both = dict(first)
        for name, value in second.items():
            old = both.get(name, NOTHING)
            both[name] = value if old == value else self.cells.join(old, value)
        return both

    def visit_While(self, node: ast.While) -> None:
        self._loop(node, lambda: self.test(node.test) is not False and self.facts[id(node.test)] != NOTHING)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.lose([node.iter])

        def begin() -> bool:
            self.assign(node.target, ANY)
            return True

        self._loop(node, begin)

    visit_AsyncFor = visit_For

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, begin: Callable[[], bool]) -> None:
        """Run the body until its names don't change; the loop may end before each time."""
        frame = self.frame
        entry = frame.env
        for _ in range(_MAX_LOOPS):
            frame.env = dict(entry or {})
            frame.leaving.append([])
            if begin():
                self.block(node.body)
            else:
                frame.env = None
            after = frame.env
            for env in frame.leaving.pop():
                after = self._either(after, env)
            merged = self._either(entry, after)
            if merged == entry:
                break
            entry = merged
        frame.env = dict(entry or {})
        if isinstance(node, ast.While):
            frame.env = self._after_while(node, frame.env)
        if node.orelse and frame.env is not None:
            self.block(node.orelse)
            frame.env = self._either(frame.env, entry)

    def _after_while(self, node: ast.While, env: Environment) -> Environment | None:
        has_break = any(isinstance(inner, ast.Break) for inner in walk_scope(node.body))
        if truth(self.facts.get(id(node.test), NOTHING)) is True and not has_break:
            return None
        return env

    def _leave(self, _: ast.stmt) -> None:
        if self.frame.leaving and self.frame.env is not None:
            self.frame.leaving[-1].append(self.frame.env)
        self.frame.env = None

    visit_Break = visit_Continue = _leave

    def visit_Return(self, node: ast.Return) -> None:
        value = self.evaluate(node.value) if node.value is not None else constant(None)
        if self.frame.function is not None:
            self.cells.put(value, "result", self.frame.function)
        else:
            self.cells.escape(value)
        self.frame.env = None

    def visit_Raise(self, node: ast.Raise) -> None:
        self.lose(part for part in (node.exc, node.cause) if part is not None)
        self.frame.env = None

    def visit_Assert(self, node: ast.Assert) -> None:
        if self.test(node.test) is False or self.facts[id(node.test)] == NOTHING:
            self.frame.env = None
            return
        if node.msg is not None:
            self.lose([node.msg])
        self.frame.env = self.refined(node.test, True)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.lose([item.context_expr])
            if item.optional_vars is not None:
                self.assign(item.optional_vars, ANY)
        before = dict(self.frame.env or {})
        attempt: Environment = {}
        self.frame.attempts.append(attempt)
        self.block(node.body)
        self.frame.attempts.pop()
        if self.frame.env is None and self._suppresses(node):
            self.frame.env = self._either(before, attempt)

    def _suppresses(self, node: ast.With | ast.AsyncWith) -> bool:
        """Whether control may go on after a block that raised: only torch's own contexts surely don't."""
        return not all(
            self.program.dotted(
                item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
            ).startswith("torch.")
            for item in node.items
        )

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try) -> None:
        frame = self.frame
        if node.body and self._fails(node.body[0]) and (handler := _import_handler(node)) is not None:
            self.block([*handler.body, *node.finalbody])
            return
        before = dict(frame.env or {})
        attempt: Environment = {}
        frame.attempts.append(attempt)
        self.block(node.body)
        frame.attempts.pop()
        after = frame.env
        raised = self._either(before, attempt) or {}
        if after is not None:
            self.block(node.orelse)
            after = frame.env
        frame.attempts.append(attempt)
        for handler in node.handlers:
            frame.env = dict(raised)
            if handler.type is not None:
                self._caught(handler.type)
            if handler.name:
                self.assign_name(handler.name, handler, ANY)
            self.block(handler.body)
            after = self._either(after, frame.env)
        frame.attempts.pop()
        if node.finalbody:
            frame.env = self._either(self._either(before, attempt), after)
            self.block(node.finalbody)
            after = frame.env if after is not None else None
        frame.env = after

    visit_TryStar = visit_Try

    def _fails(self, statement: ast.stmt) -> bool:
        """Whether it imports what isn't there: extracted code finds torch, numpy and the standard library, no more."""
        found = [link for link in self.program.imports.get(id(statement), ()) if link.alias.name != "*"]
        return any(
            isinstance(link.target, Missing)
            or (isinstance(link.target, External) and link.target.target.partition(".")[0] not in PROVIDED)
            for link in found
        )

    def _caught(self, node: ast.expr) -> None:
        for kind in node.elts if isinstance(node, ast.Tuple) else [node]:
            self.evaluate(kind)

    def visit_Match(self, node: ast.Match) -> None:
        self.lose([node.subject])
        before = dict(self.frame.env or {})
        after: Environment | None = dict(before)
        for case in node.cases:
            self.frame.env = dict(before)
            for inner in ast.walk(case.pattern):
                if isinstance(inner, ast.expr):
                    self.lose([inner])
                for name in stored_names(inner):
                    self.assign_name(name, inner, ANY)
            if case.guard is not None:
                self.test(case.guard)
            self.block(case.body)
            after = self._either(after, self.frame.env)
        self.frame.env = after

    # Definitions inside

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


def _import_handler(node: ast.Try) -> ast.ExceptHandler | None:
    """The handler that an import error goes to."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {kind.id if isinstance(kind, ast.Name) else "" for kind in kinds}
        if handler.type is None or names & {"ImportError", "ModuleNotFoundError", "Exception"}:
            return handler
    return None
