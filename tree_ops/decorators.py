"""Which decorators a mined definition can do without: those that hand back what they are given.

A decorator that documents or registers elsewhere drags a whole registry into the closure and changes nothing here. It
is recognised by its code, not by its name: every `return` gives the first parameter back, and nothing but documentation
is set on it. A method of an object (`@REGISTRY.register()`) counts as one, too, unless that object is in the closure.
"""

import ast
from dataclasses import dataclass

from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.modules import ModuleSource, dotted_name
from archgraft.tree_ops.scopes import FunctionNode, walk_scope

_DOCUMENTATION = frozenset({"__doc__", "__signature__", "__module__", "__wrapped__"})


@dataclass(frozen=True, slots=True)
class Registration:
    """A decorator that registers on an object."""

    decorator: ast.expr
    registry: Definition


def registration(index: SourceIndex, module: ModuleSource, decorator: ast.expr) -> Registration | None:
    """The registration that the decorator is, if it is one."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute) and "register" in target.attr.lower():
        found = index.resolve_dotted(module, dotted_name(target.value)) if dotted_name(target.value) else None
        if isinstance(found, Definition) and not index.is_class(found):
            return Registration(decorator, found)
    return None


def gives_back(index: SourceIndex, module: ModuleSource, decorator: ast.expr) -> bool:
    """Whether the decorator is an indexed function that returns what it decorates."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = dotted_name(target)
    found = index.resolve_dotted(module, name) if name else None
    if not isinstance(found, Definition):
        return False
    function = index.function(found)
    if function is None:
        return False
    if isinstance(decorator, ast.Call):
        return _is_factory(function, optional=not decorator.args)
    return _returns_argument(function) or _is_factory(function, optional=True)


def _returns(function: FunctionNode) -> list[ast.expr | None]:
    return [node.value for node in walk_scope(function.body) if isinstance(node, ast.Return)]


def _first_parameter(function: FunctionNode) -> str | None:
    positional = [*function.args.posonlyargs, *function.args.args]
    return positional[0].arg if positional else None


def _returns_argument(function: FunctionNode) -> bool:
    parameter = _first_parameter(function)
    returns = _returns(function)
    same = all(isinstance(value, ast.Name) and value.id == parameter for value in returns)
    return bool(parameter and returns) and same and not _changes(function, parameter or "")


def _changes(function: FunctionNode, parameter: str) -> bool:
    """Whether the function rebinds its parameter, or sets more than documentation on it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            rebinds = isinstance(node, ast.Name) and node.id == parameter
            sets = isinstance(node, ast.Attribute) and dotted_name(node.value) == parameter
            if rebinds or (sets and isinstance(node, ast.Attribute) and node.attr not in _DOCUMENTATION):
                return True
        is_setattr = isinstance(node, ast.Call) and dotted_name(node.func) == "setattr"
        if is_setattr and isinstance(node, ast.Call) and dotted_name(node.args[0]) == parameter:
            return True
    return False


def _is_factory(function: FunctionNode, *, optional: bool = False) -> bool:
    """Whether it returns an inner function that gives its argument back (or, `optional`, may give back its own)."""
    inner = {node.name: node for node in function.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    returns = _returns(function)
    passing = {name for name, node in inner.items() if _returns_argument(node)}
    names = [value.id if isinstance(value, ast.Name) else None for value in returns]
    allowed = passing | ({_first_parameter(function)} if optional else set())
    return bool(passing) and bool(names) and all(name in allowed for name in names)
