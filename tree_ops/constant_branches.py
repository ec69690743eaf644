# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""Branches and loops: what local names are where ways of control meet, and whether it can come there at all."""

import ast
from collections.abc import Callable, Sequence

from archgraft.tree_ops.constant_assignments import Assignments
from archgraft.tree_ops.constant_evaluation import Environment
from archgraft.tree_ops.constant_values import ANY, NOTHING, constant, truth
from archgraft.tree_ops.scopes import stored_names, walk_scope

_MAX_LOOPS = 12


class Branches(Assignments):
    """Runs blocks of statements; a method runs each kind."""

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
        self.frame.env = self.either(then_env, self.frame.env)

    def either(self, first: Environment | None, second: Environment | None) -> Environment | None:
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
                after = self.either(after, env)
            merged = self.either(entry, after)
            if merged == entry:
                break
            entry = merged
        frame.env = dict(entry or {})
        if isinstance(node, ast.While):
            frame.env = self._after_while(node, frame.env)
        if node.orelse and frame.env is not None:
            self.block(node.orelse)
            frame.env = self.either(frame.env, entry)

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
            after = self.either(after, self.frame.env)
        self.frame.env = after
