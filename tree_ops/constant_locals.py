"""What a function does with its own names, found once by its syntax alone."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archgraft.tree_ops.scopes import FunctionNode, all_arguments, bound_name, stored_names, walk_scope

_ASKING = frozenset({"get", "pop", "setdefault"})
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Locals:
    """The local names of a function, by what can be known of them."""

    bound: frozenset[str]
    """All that it binds besides its parameters, `nonlocal` ones left out."""
    stable: frozenset[str]
    """Bound once: inner functions see the value that is known where they are made."""
    unknown: frozenset[str]
    """Bound in ways that are not followed."""
    stored: frozenset[str]
    """Stored to by it or any function inside it."""
    records: dict[str, ast.expr | None]
    """Its `**kwargs` (None) and local dictionaries (the display), where they are only handed on or asked."""
    yields: bool


def locals_of(node: FunctionNode) -> Locals:
    """Read a function."""
    own = list(walk_scope(node.body))
    stores: Counter[str] = Counter()
    unknown: set[str] = set()
    yields = False
    for inner in own:
        if isinstance(inner, ast.Import | ast.ImportFrom):
            stores.update(bound_name(alias, inner) for alias in inner.names)
        elif isinstance(inner, ast.NamedExpr):
            unknown.add(inner.target.id)
        elif isinstance(inner, ast.Yield | ast.YieldFrom):
            yields = True
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            stores[inner.id] += 1
        else:
            stores.update(stored_names(inner))
    stored = set(stores)
    outer: set[str] = set()
    for inner in (found for scope in own if isinstance(scope, _INNER) for found in ast.walk(scope)):
        if isinstance(inner, ast.Nonlocal):
            unknown.update(inner.names)
        stored.update(stored_names(inner))
    for inner in own:
        if isinstance(inner, ast.Nonlocal):
            outer.update(inner.names)
    bound = frozenset(stores) - outer
    stores.update(argument.arg for argument in all_arguments(node.args))
    stable = frozenset(name for name, count in stores.items() if count == 1) - unknown - outer
    return Locals(bound, stable, frozenset(unknown), frozenset(stored), _record_names(node, own), yields)


def _record_names(function: FunctionNode, own: Sequence[ast.AST]) -> dict[str, ast.expr | None]:
    """Names of the function that are records: its `**kwargs` (None) and local dictionaries (the display)."""
    kwarg = function.args.kwarg.arg if function.args.kwarg is not None else None
    candidates: dict[str, ast.expr | None] = {kwarg: None} if kwarg else {}
    parameters = {argument.arg for argument in all_arguments(function.args)}
    for inner in own:
        if isinstance(inner, ast.Assign) and len(inner.targets) == 1 and isinstance(inner.targets[0], ast.Name):
            name = inner.targets[0].id
            if display_items(inner.value) is None:  # before the dearer question
                continue
            if name not in parameters or _replaces_parameter(function, inner, name):
                candidates.setdefault(name, inner.value)
    if not candidates:
        return {}
    allowed = _record_uses(function)
    for node in _nodes(function):
        if isinstance(node, ast.Name) and node.id in candidates and id(node) not in allowed:
            if not (isinstance(node.ctx, ast.Store) and _binds(function, node, candidates[node.id])):
                del candidates[node.id]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            inner_names = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
            for name in inner_names & set(candidates):
                del candidates[name]
    return candidates


def _replaces_parameter(function: FunctionNode, assignment: ast.Assign, name: str) -> bool:
    """Whether a parameter gets a value of the function's own before anything reads it."""
    if assignment not in function.body or name == getattr(function.args.kwarg, "arg", None):
        return False
    loads = [node for node in _nodes(function) if isinstance(node, ast.Name) and node.id == name]
    return all(node.lineno > (assignment.end_lineno or 0) for node in loads if isinstance(node.ctx, ast.Load))


def _nodes(function: FunctionNode) -> Iterator[ast.AST]:
    return (inner for statement in function.body for inner in ast.walk(statement))


def display_items(node: ast.expr) -> list[tuple[str | None, ast.expr]] | None:
    """The items of `{"a": x, **name}` or `dict(a=x)`, where all keys are literal texts; None is the key of `**name`."""
    if isinstance(node, ast.Dict):
        items: list[tuple[str | None, ast.expr]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None and (isinstance(value, ast.Name) or (isinstance(value, ast.Dict) and not value.keys)):
                items.append((None, value))
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                items.append((key.value, value))
            else:
                return None
        return items
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"
    if isinstance(node, ast.Call) and is_call and not node.args:
        is_plain = all(keyword.arg is not None or isinstance(keyword.value, ast.Name) for keyword in node.keywords)
        return [(keyword.arg, keyword.value) for keyword in node.keywords] if is_plain else None
    return None


def _binds(function: FunctionNode, name: ast.Name, display: ast.expr | None) -> bool:
    """Whether a stored name is the one target of the assignment that makes the record."""
    return display is not None and any(
        isinstance(node, ast.Assign) and node.value is display and node.targets[0] is name for node in _nodes(function)
    )


def _record_uses(function: FunctionNode) -> set[int]:
    """Names in places that leave a record a record."""
    allowed: set[int] = set()
    for node in _nodes(function):
        value: ast.expr | None = None
        if isinstance(node, ast.keyword) and node.arg is None:
            value = node.value
        elif isinstance(node, ast.If):
            value = node.test
        elif isinstance(node, ast.Dict):
            allowed.update(id(item) for key, item in zip(node.keys, node.values, strict=True) if key is None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ASKING:
            value = node.func.value if node.args and _is_text(node.args[0]) and not node.keywords else None
        elif isinstance(node, ast.Subscript) and _is_text(node.slice):
            value = node.value
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            value = node.comparators[0] if _is_text(node.left) else None
        if isinstance(value, ast.Name):
            allowed.add(id(value))
    return allowed


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
