# ruff: noqa: N802 - methods are named after the syntax that they evaluate
"""`and`, `or`, `not` and conditional expressions, and what a test says about the names in it."""

import ast
from abc import ABC, abstractmethod

from archgraft.tree_ops.constant_comparing import compare, those
from archgraft.tree_ops.constant_evaluation import Environment
from archgraft.tree_ops.constant_lookups import Lookups
from archgraft.tree_ops.constant_values import (
    ANY,
    NOTHING,
    Atom,
    Constant,
    Value,
    constant,
    only,
    truth,
    truth_of,
    truths,
)


class Conditions(Lookups, ABC):
    """Evaluates what decides which way control takes."""

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
            found = self.cells.join(found, value if is_last else those(value, not goes_on))
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
                self.frame.env = env  # each side is told by the test alone, not by what the other side was
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
                atom for atom in value if compare(operator, atom, next(iter(compared or NOTHING))) is not (not side)
            )
        else:
            if value is None:
                return dict(env)
            kept = frozenset(atom for atom in value if truth_of(atom) is not (not side))
        return {**env, name: kept} if kept or not value else None


def _constants(value: Value) -> list[Constant]:
    return [atom for atom in value or () if isinstance(atom, Constant)]
