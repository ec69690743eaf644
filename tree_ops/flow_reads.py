"""Which modules of a node a tensor in its method went through, read from the method's code alone."""

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache

from archgraft.tree_ops.class_sources import ClassSources, receiver
from archgraft.tree_ops.module_access import accesses, path_of
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import joined

_Flow = dict[str, frozenset[str]]
"""Of each variable, the paths of the modules that its value went through, on any way that leads here."""


def loses_weights(
    tree: Tree, sources: ClassSources, node: Node, function: str, dropped: ast.expr, kept: ast.expr
) -> bool:
    """Whether keeping one operand of a join alone leaves parameters behind that only the other one used."""
    method = sources.method(function)
    variable = receiver(method) if method is not None else None
    if method is None or variable is None:
        return True
    alone = _alone(method, variable, dropped, kept)
    lost = {joined(node.path, path) for path in alone}
    has_parameters = any(below.path in lost and below.n_parameters for below in tree.below(node.nid))
    return has_parameters or any(joined(node.path, tensor.name) in lost for tensor in node.tensors)


@lru_cache(maxsize=64)
def _alone(method: ast.FunctionDef, variable: str, dropped: ast.expr, kept: ast.expr) -> frozenset[str]:
    """The modules that only what is dropped went through; the same for all instances that run the method."""
    reader = _Reader(variable, dropped)
    reader.run(method.body, {})
    still_used = reader.behind(kept, reader.first)  # a later round of a loop uses other modules of a list
    called = [call.func for call in ast.walk(dropped) if isinstance(call, ast.Call)]
    modules = [func for func in called if isinstance(func, ast.Name) or path_of(func, variable)]
    return (reader.behind(dropped) - still_used).union(*map(reader.behind, modules))


class _Reader:
    """Follows a method's statements in order; what is known where `wanted` stands is kept."""

    def __init__(self, variable: str, wanted: ast.expr) -> None:
        self._variable = variable
        self._wanted = wanted
        self._there: _Flow = {}
        self.first: _Flow | None = None
        """What is known when it is met first."""

    def behind(self, expression: ast.AST, flow: Mapping[str, frozenset[str]] | None = None) -> frozenset[str]:
        """The modules that the value of an expression went through."""
        flow = self._there if flow is None else flow
        found: set[str] = set()
        for part in ast.walk(expression):
            if isinstance(part, ast.Attribute | ast.Subscript):
                found |= {path for path, _ in accesses(part, self._variable)}
            elif isinstance(part, ast.Name):
                found |= flow.get(part.id, frozenset())
        return frozenset(found)

    def run(self, body: Iterable[ast.stmt], flow: _Flow) -> _Flow:
        """What is known behind some statements."""
        for statement in body:
            flow = self._behind_statement(statement, flow)
        return flow

    def _behind_statement(self, statement: ast.stmt, flow: _Flow) -> _Flow:
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if any(blocks):
            return self._behind_block(statement, blocks, flow)
        if any(part is self._wanted for part in ast.walk(statement)):
            self.first = flow if self.first is None else self.first
            self._there = _either(self._there, flow)
        match statement:
            case ast.Assign(targets=targets, value=value):
                return flow | dict.fromkeys(_names(targets), self.behind(value, flow))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return flow | dict.fromkeys(_names([target]), self.behind(value, flow))
            case ast.AugAssign(target=ast.Name(name), value=value):
                return flow | {name: flow.get(name, frozenset()) | self.behind(value, flow)}
            case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Name(name), attr=attr)) as call) if attr.endswith("_"):
                return flow | {name: self.behind(call, flow)}
        return flow

    def _behind_block(self, statement: ast.stmt, blocks: list[list[ast.stmt]], flow: _Flow) -> _Flow:
        if isinstance(statement, ast.For | ast.While):
            entered = flow
            for _ in range(2):  # what one round sets, the next one finds
                if isinstance(statement, ast.For):
                    entered = entered | dict.fromkeys(_names([statement.target]), self.behind(statement.iter, entered))
                entered = _either(flow, self.run(blocks[0], entered))
            return self.run(blocks[1], entered)
        if isinstance(statement, ast.If):
            return _either(self.run(blocks[0], flow), self.run(blocks[1], flow))
        for block in blocks:
            flow = _either(flow, self.run(block, flow)) if isinstance(statement, ast.Try) else self.run(block, flow)
        return flow


def _either(one: _Flow, other: _Flow) -> _Flow:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in one.keys() | other.keys()}


def _names(targets: Iterable[ast.expr]) -> list[str]:
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
