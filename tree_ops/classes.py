"""What a class statement says about who may look up its members from outside the code that is seen."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from archgraft.tree_ops.index import Builtin, Definition, External, SourceIndex
from archgraft.tree_ops.modules import ModuleSource, dotted_name
from archgraft.tree_ops.parts import Parts
from archgraft.tree_ops.torch_names import LAYER_NAMES, MODULE_NAMES

_EMPTY_BASES = frozenset({"abc.ABC", "typing.Generic", "typing_extensions.Generic"})
_EMPTY_METACLASSES = frozenset({"abc.ABCMeta"})
_DELEGATION = frozenset({"__getattr__", "__getattribute__"})
_MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"})


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class statement. `bases` are those that are indexed.

    `outside` are the names that other bases look up on its objects; None when that can't be told, and all members have
    to be kept: bases from elsewhere, metaclasses, class decorators such as `dataclass`.
    """

    definition: Definition
    bases: tuple[Definition, ...]
    outside: frozenset[str] | None
    delegates: bool
    """Whether it looks up what it doesn't have somewhere else (`__getattr__`)."""


def class_facts(
    index: SourceIndex, module: ModuleSource, statements: list[ast.stmt], parts: Parts
) -> Iterator[ClassFacts]:
    """The facts of each top-level class, those under `if` and `try` included."""
    for node in statements:
        if isinstance(node, ast.ClassDef):
            yield _facts(index, module, node, parts)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            handlers = [inner for handler in getattr(node, "handlers", ()) for inner in handler.body]
            inner = [*node.body, *getattr(node, "orelse", ()), *handlers]
            yield from class_facts(index, module, inner, parts)


def _facts(index: SourceIndex, module: ModuleSource, node: ast.ClassDef, parts: Parts) -> ClassFacts:
    bases: list[Definition] = []
    outside: frozenset[str] | None = frozenset()
    droppable = {id(part.node) for part in parts.all if part.kind == "decorator"}
    if any(id(decorator) not in droppable for decorator in node.decorator_list):
        outside = None
    for keyword in node.keywords:
        target = index.resolve_dotted(module, dotted_name(keyword.value)) if dotted_name(keyword.value) else None
        if not (isinstance(target, External) and target.target in _EMPTY_METACLASSES):
            outside = None
    for base in node.bases:
        name = dotted_name(base)
        target = index.resolve_base(module, node.name, name) if name else None
        if isinstance(target, Definition):
            bases.append(target)
            outside = outside if index.is_class(target) else None
            continue
        found = frozenset[str]() if target == Builtin() and name == "object" else _names_of(target)
        outside = None if found is None or outside is None else outside | found
    delegates = any(isinstance(item, ast.FunctionDef) and item.name in _DELEGATION for item in node.body)
    return ClassFacts(Definition(module.name, node.name), tuple(bases), outside, delegates)


def _names_of(target: object) -> frozenset[str] | None:
    if not isinstance(target, External):
        return None
    if target.target in _EMPTY_BASES:
        return frozenset()
    if target.target in _MODULES:
        return MODULE_NAMES
    return LAYER_NAMES if target.target.startswith("torch.nn.") else None
