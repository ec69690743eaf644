"""Functions that enter something in a registry: calling one changes an object of the module that defines it.

A statement that only calls one (`register_block("mobilevit", MobileVitBlock)`) means nothing but that.
"""

import ast
from collections.abc import Iterator

from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.module_reader import root_name
from archgraft.tree_ops.scopes import all_arguments, stored_names

_ENTERING = frozenset({"add", "append", "extend", "insert", "register", "setdefault", "update"})
"""Methods of containers and registries that let them hold more."""


def changed_by(index: SourceIndex, function: Definition) -> frozenset[Definition]:
    """The definitions whose objects a plain function changes; none for anything else."""
    node = index.function(function)
    if node is None:
        return frozenset()
    inner = list(ast.walk(node))
    shared = {name for part in inner if isinstance(part, ast.Global) for name in part.names}
    own = {name for part in inner for name in stored_names(part)} - shared
    own |= {argument.arg for part in inner if isinstance(part, ast.arguments) for argument in all_arguments(part)}
    module = index.modules[function.module]
    found = (index.resolve(module, name) for name in {*_changed(inner), *shared} - own)
    return frozenset(target for target in found if isinstance(target, Definition))


def _changed(nodes: list[ast.AST]) -> Iterator[str]:
    """Names whose objects some code changes: by an item, an attribute, or a method that enters something."""
    for node in nodes:
        places: list[ast.expr] = []
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            places = [node]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ENTERING:
            places = [node.func]
        yield from (name for place in places if (name := root_name(place)) is not None)
