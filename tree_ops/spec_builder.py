"""From an indexed class to a `ModuleSpec`: closure, constructor parameters, identity, origin. Static throughout."""

import ast
import hashlib

from archgraft.tree_ops.closure import extract
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.modules import ModuleSource
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter, ParameterKind

_ID_DIGITS = 16


def build_spec(index: SourceIndex, qualified_name: str | tuple[str, str] | Definition) -> ModuleSpec:
    """The class as a self-contained module. Raises `SourceError` (a `ClosureError` where it can't be closed)."""
    definition = index.definition(qualified_name)
    extraction = extract(index, [definition])
    return ModuleSpec(
        id=source_id(extraction.source, extraction.name),
        class_name=extraction.name,
        source=extraction.source,
        parameters=constructor_parameters(index, definition),
        requires=extraction.requires,
        origin=_origin(index.modules[definition.module], definition),
        n_lines=extraction.source.count("\n"),
    )


def source_id(source: str, class_name: str) -> str:
    """Identity of a source: comments, docstrings, layout and the class's own name don't count."""
    tree = _Normalise(class_name).visit(ast.parse(source))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:_ID_DIGITS]


def constructor_parameters(index: SourceIndex, definition: Definition) -> tuple[Parameter, ...]:
    """Parameters of the first `__init__` on the way up the indexed bases, without self.

    Empty when only torch's own classes define one. Raises `SourceError` when the definition is no plain class.
    """
    seen: set[Definition] = set()
    queue = [definition]
    while queue:
        current = queue.pop(0)
        if current in seen:
            continue
        seen.add(current)
        module = index.modules[current.module]
        class_node = _class_node(module, current)
        for node in class_node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return _parameters(node.args)
        bases = [
            index.resolve_dotted(module, name)
            for header in module.classes
            if header.name == current.name
            for name in header.bases
        ]
        queue = [base for base in bases if isinstance(base, Definition)] + queue
    return ()


def _class_node(module: ModuleSource, definition: Definition) -> ast.ClassDef:
    for binding in module.bindings.get(definition.name, []):
        for node in ast.walk(ast.parse(module.text_of(module.pieces[binding.piece]))):
            if isinstance(node, ast.ClassDef) and node.name == definition.name:
                return node
    raise SourceError(f"{definition.module}.{definition.name} is not a class")


def _parameters(arguments: ast.arguments) -> tuple[Parameter, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [
        _parameter(argument, "positional", default) for argument, default in zip(positional, defaults, strict=True)
    ]
    del found[:1]
    if arguments.vararg:
        found.append(_parameter(arguments.vararg, "var_positional", None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(argument, "keyword", default))
    if arguments.kwarg:
        found.append(_parameter(arguments.kwarg, "var_keyword", None))
    return tuple(found)


def _parameter(argument: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else None
    return Parameter(argument.arg, kind, annotation, ast.unparse(default) if default else None)


def _origin(module: ModuleSource, definition: Definition) -> Origin:
    root = module.root
    line = next((header.line for header in module.classes if header.name == definition.name), 0)
    base = module.path.parent if root is None or root.folder.is_file() else root.folder
    path = module.path.relative_to(base) if module.path.is_relative_to(base) else module.path
    return Origin(
        source=root.name if root else module.name,
        version=root.version if root else "",
        path=path.as_posix(),
        line=line,
        qualified_name=f"{definition.module}.{definition.name}",
        licence=root.licence if root else "unknown",
    )


class _Normalise(ast.NodeTransformer):
    """Drops docstrings and calls the class one fixed name."""

    def __init__(self, class_name: str) -> None:
        self._class_name = class_name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self._class_name:
            return ast.copy_location(ast.Name("_", node.ctx), node)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            body = [item for item in node.body if not _is_text(item)]
            node.body = body or [ast.Pass()]
        if isinstance(node, ast.ClassDef) and node.name == self._class_name:
            node.name = "_"
        return node


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
