# ruff: noqa: N802, N815 - methods are named after the syntax that they evaluate
"""Statements that control may leave by an exception, and go on after: `with` and `try`."""

import ast

from archgraft.tree_ops.constant_branches import Branches
from archgraft.tree_ops.constant_evaluation import Environment
from archgraft.tree_ops.constant_values import ANY
from archgraft.tree_ops.index import PROVIDED, External, Missing


class Exceptions(Branches):
    """Runs what may raise, and what catches it."""

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
            self.frame.env = self.either(before, attempt)

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
        raised = self.either(before, attempt) or {}
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
            after = self.either(after, frame.env)
        frame.attempts.pop()
        if node.finalbody:
            frame.env = self.either(self.either(before, attempt), after)
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


def _import_handler(node: ast.Try) -> ast.ExceptHandler | None:
    """The handler that an import error goes to."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {kind.id if isinstance(kind, ast.Name) else "" for kind in kinds}
        if handler.type is None or names & {"ImportError", "ModuleNotFoundError", "Exception"}:
            return handler
    return None
