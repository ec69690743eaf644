"""Partial evaluation of source text: what an oracle knows of an expression decides branches, and dead code goes.

`fold` decides nothing itself. It asks for the truth of tests, finds the statements that can't run, and gives the edits
that take them out: the author's text, comments and indentation stay. A decided `if` gives way to its live branch,
`elif` chains close up, `and`, `or` and conditional expressions shrink to what counts, what follows a `return` that
became unconditional goes, and a block that would be empty holds `pass`. `try` statements are left as they are.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from archgraft.tree_ops.folding_expressions import expression_edits
from archgraft.tree_ops.folding_layout import Layout
from archgraft.tree_ops.scopes import walk_scope
from archgraft.tree_ops.text_edits import TextEdit

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Oracle(Protocol):
    """What is known about expressions of one source."""

    def truth(self, node: ast.expr) -> bool | None:
        """The truth of an expression whose evaluation can be left out, or None when either is unknown."""

    def replacement(self, node: ast.expr) -> str | None:
        """The text of a simpler expression with the same value, or None."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What folding found: statements that never run, and the edits that take them out of the text."""

    dead: list[ast.stmt]
    edits: list[TextEdit]


def fold(text: str, statements: Sequence[ast.stmt], oracle: Oracle) -> Folded:
    """Fold statements that were parsed from `text`. Folding the edited text again changes nothing that is known."""
    folder = _Folder(Layout(text, statements), oracle)
    plan = folder.plan(statements)
    folder.emit(plan)
    return Folded(folder.removed, folder.layout.edits())


@dataclass(slots=True)
class _Plan:
    """A block of statements: what becomes of each."""

    items: list["_Item"] = field(default_factory=list)
    ends: bool = False
    """Whether control never leaves the block at its end."""

    @property
    def is_empty(self) -> bool:
        return all(item.is_gone for item in self.items)


@dataclass(slots=True)
class _Branch:
    """One arm of an `if` chain that stays: `node` is the `if` or `elif`, None for a plain `else`."""

    node: ast.If | None
    plan: _Plan


@dataclass(slots=True)
class _Item:
    statement: ast.stmt
    is_gone: bool = False
    inlined: _Plan | None = None
    """The one block that replaces a decided `if`."""
    branches: list[_Branch] | None = None
    """What stays of an `if` chain that lost some arms."""
    blocks: list[_Plan] = field(default_factory=list)


@dataclass(slots=True)
class _Scope:
    """What removal in one function must respect."""

    protected: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    """Names that nothing reads once the decided code is gone."""


class _Folder:
    def __init__(self, layout: Layout, oracle: Oracle) -> None:
        self.layout = layout
        self.oracle = oracle
        self._scope = _Scope()
        self.removed: list[ast.stmt] = []

    # Planning

    def plan(self, statements: Sequence[ast.stmt]) -> _Plan:
        plan = _Plan()
        for statement in statements:
            if plan.ends and self._can_go(statement) and self.layout.has_own_lines(statement):
                plan.items.append(self._gone(statement))
                continue
            item, ends = self._plan_statement(statement)
            plan.items.append(item)
            plan.ends = plan.ends or ends
        return plan

    def _gone(self, statement: ast.stmt) -> _Item:
        self.removed.append(statement)
        return _Item(statement, is_gone=True)

    def _can_go(self, *statements: ast.stmt) -> bool:
        """Whether taking the statements out leaves all others their meaning: scopes and generators stay."""
        for statement in statements:
            for node in walk_scope([statement]):
                if isinstance(node, ast.Yield | ast.YieldFrom | ast.Global | ast.Nonlocal):
                    return False
        return self._scope.protected.isdisjoint(_stored(statements))

    def _plan_statement(self, statement: ast.stmt) -> tuple[_Item, bool]:
        if isinstance(statement, ast.If):
            return self._plan_if(statement)
        if isinstance(statement, ast.While) and self._is_dead_loop(statement):
            return self._gone(statement), False
        if isinstance(statement, ast.Assert) and self.oracle.truth(statement.test) is True:
            if self.layout.has_own_lines(statement):
                return self._gone(statement), False
        elif isinstance(statement, ast.Assign) and self._is_unread(statement):
            return self._gone(statement), False
        elif isinstance(statement, FunctionNode):
            return _Item(statement, blocks=[self._plan_function(statement)]), False
        elif isinstance(statement, ast.With | ast.AsyncWith):
            plan = self.plan(statement.body)
            return _Item(statement, blocks=[plan]), False
        blocks = [self.plan(block) for block in _blocks(statement)]
        return _Item(statement, blocks=blocks), isinstance(statement, _JUMPS)

    def _is_unread(self, statement: ast.Assign) -> bool:
        """Whether it gives a plain value to a name that nothing reads any more."""
        target, value = statement.targets[0], statement.value
        is_plain = len(statement.targets) == 1 and isinstance(value, ast.Constant | ast.Name | ast.Attribute)
        is_unread = isinstance(target, ast.Name) and target.id in self._scope.unread
        return is_plain and is_unread and self._can_go(statement) and self.layout.has_own_lines(statement)

    def _is_dead_loop(self, statement: ast.While) -> bool:
        is_false = self.oracle.truth(statement.test) is False and not statement.orelse
        return is_false and self.layout.has_own_lines(statement) and self._can_go(statement)

    def _plan_function(self, function: FunctionNode) -> _Plan:
        """Plan a body; names that would lose every assignment but keep a use protect their assignments."""
        outer, n_removed = self._scope, len(self.removed)
        self._scope = _Scope()
        while True:
            plan = self.plan(function.body)
            lost = _lost_names(function, self.removed[n_removed:]) | self._scope.protected
            unread = _unread_names(function, self.removed[n_removed:]) | self._scope.unread
            if (lost, unread) == (self._scope.protected, self._scope.unread):
                break
            self._scope = _Scope(lost, unread)
            del self.removed[n_removed:]
        self._scope = outer
        return plan

    def _plan_if(self, statement: ast.If) -> tuple[_Item, bool]:
        kept: list[tuple[ast.If | None, Sequence[ast.stmt]]] = []
        dropped: list[ast.stmt] = []
        arms = self.layout.arms(statement)
        for number, (node, body) in enumerate(arms):
            truth = self._truth(node) if node is not None else None
            if truth is False and self._can_go(*body):
                dropped += body
                continue
            rest = [inner for _, other in arms[number + 1 :] for inner in other]
            if truth is True and self._can_go(*rest):
                dropped += rest
                kept.append((None, body))
                break
            kept.append((node, body))
        self.removed += dropped
        if not any(node is not None for node, _ in kept):
            return self._plan_inlined(statement, kept[0][1] if kept else [])
        branches = [_Branch(node, self.plan(body)) for node, body in kept]
        ends = branches[-1].node is None and all(branch.plan.ends for branch in branches)
        if branches[-1].node is None and branches[-1].plan.is_empty:
            branches.pop()
        if len(branches) == len(arms) and not dropped:
            return _Item(statement, blocks=[branch.plan for branch in branches]), ends
        return _Item(statement, branches=branches), ends

    def _plan_inlined(self, statement: ast.If, body: Sequence[ast.stmt]) -> tuple[_Item, bool]:
        plan = self.plan(body)
        if plan.is_empty or all(isinstance(inner, ast.Pass) for inner in body):
            return _Item(statement, is_gone=True), plan.ends
        return _Item(statement, inlined=plan), plan.ends

    def _truth(self, node: ast.If) -> bool | None:
        return self.oracle.truth(node.test) if self.layout.has_plain_header(node) else None

    # Edits

    def emit(self, plan: _Plan, *, needs_statement: bool = False) -> None:
        for number, item in enumerate(plan.items):
            if item.is_gone:
                if number == 0 and needs_statement and plan.is_empty:
                    self.layout.replace_by_pass(item.statement)
                else:
                    self.layout.remove(item.statement)
            else:
                self._emit_item(item)

    def _emit_item(self, item: _Item) -> None:
        statement = item.statement
        if item.inlined is not None:
            assert isinstance(statement, ast.If)
            body = [inner.statement for inner in item.inlined.items]
            self.layout.inline(statement, body)
            self.emit(item.inlined)
        elif item.branches is not None:
            assert isinstance(statement, ast.If)
            self._emit_chain(statement, item.branches)
        else:
            for node in _own_expressions(statement):
                self._emit_expression(node)
            for block in item.blocks:
                self.emit(block, needs_statement=True)

    def _emit_chain(self, statement: ast.If, branches: Sequence[_Branch]) -> None:
        bodies = [[item.statement for item in branch.plan.items] for branch in branches]
        self.layout.shorten(statement, [(branch.node, body) for branch, body in zip(branches, bodies, strict=True)])
        for branch in branches:
            if branch.node is not None:
                self._emit_expression(branch.node.test)
            self.emit(branch.plan, needs_statement=True)

    def _emit_expression(self, node: ast.AST) -> None:
        for edit in expression_edits(self.layout.source, node, self.oracle):
            self.layout.add(edit)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if block:
            yield block
    for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield handler.body


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement outside its blocks; an `elif`'s test belongs to the `elif`."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.ExceptHandler):
            continue
        if isinstance(child, ast.match_case):
            if child.guard is not None:
                yield child.guard
        elif not isinstance(child, ast.stmt):
            yield child


def _stored(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that the statements bind in their own scope."""
    return _bound_outside(list(statements), set())


def _unread_names(function: FunctionNode, removed: Sequence[ast.stmt]) -> frozenset[str]:
    """Local names that only removed code reads."""
    inside = {id(node) for statement in removed for node in ast.walk(statement)}
    read_before: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(function):
        names = [node.id] if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store) else []
        names = node.names if isinstance(node, ast.Nonlocal | ast.Global) else names
        (read_before if id(node) in inside else read).update(names)
    return frozenset() if "locals" in read else frozenset(read_before - read)


def _lost_names(function: FunctionNode, removed: Sequence[ast.stmt]) -> frozenset[str]:
    """Names of the function that only removed code binds, but that code which stays still names."""
    if not removed:
        return frozenset()
    candidates = _stored(removed)
    if not candidates:
        return frozenset()
    inside = {id(node) for statement in removed for node in ast.walk(statement)}
    candidates -= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    used: set[str] = set()
    for node in ast.walk(function):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.add(node.id)
        elif isinstance(node, ast.Nonlocal):
            used.update(node.names)
    bound = _bound_outside(function.body, inside)
    return frozenset((candidates & used) - bound)


def _bound_outside(body: Sequence[ast.stmt], inside: set[int]) -> set[str]:
    names: set[str] = set()
    for node in walk_scope(body):
        if id(node) not in inside:
            names |= _bound_by(node)
    return names


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return {node.id}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return {node.name}
    return set()
