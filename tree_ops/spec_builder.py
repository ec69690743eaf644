"""From an indexed class to a `ModuleSpec`: closure, constructor parameters, identity, origin. Static throughout."""

import ast
import hashlib

from archgraft.tree_ops.closure import Extraction, extract
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.modules import ModuleSource
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter, ParameterKind
from archgraft.tree_ops.syntax import literal, parse

_ID_DIGITS = 16
_WITH_DOCSTRING = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)


def build_spec(index: SourceIndex, qualified_name: str | tuple[str, str] | Definition) -> ModuleSpec:
    """The class as a self-contained module. Raises `SourceError` (a `ClosureError` where it can't be closed)."""
    definition = index.definition(qualified_name)
    return spec_from(index, definition, extract(index, [definition]))


def spec_from(index: SourceIndex, definition: Definition, extraction: Extraction) -> ModuleSpec:
    """The module of a class that was extracted already. Raises `SourceError` when the definition is no plain class."""
    return ModuleSpec(
        id=source_id(extraction.source, extraction.name),
        class_name=extraction.name,
        source=extraction.source,
        parameters=tuple(
            parameter
            for parameter in constructor_parameters(index, definition)
            if parameter.name not in extraction.fixed
        ),
        requires=extraction.requires,
        origin=_origin(index.modules[definition.module], definition),
        n_lines=extraction.source.count("\n"),
        documentation="\n\n".join(f"{name}:\n{text}" for name, text in extraction.documentation.items()),
        fixed=tuple((name, _as_value(text)) for name, text in extraction.fixed.items()),
    )


def source_id(source: str, class_name: str) -> str:
    """Identity of a source: comments, docstrings, layout and the class's own name don't count."""
    parts: list[str] = []
    _write(parse(source), class_name, parts)
    return hashlib.sha256(" ".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_ID_DIGITS]


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
            index.resolve_base(module, current.name, name)
            for header in module.classes
            if header.name == current.name
            for name in header.bases
        ]
        queue = [base for base in bases if isinstance(base, Definition)] + queue
    return ()


def _as_value(text: str) -> str:
    """A default as a literal or dotted name; other expressions as the text that they are."""
    if all(part.isidentifier() for part in text.split(".")):
        return text
    try:
        return repr(literal(text))
    except (ValueError, SyntaxError):
        return repr(" ".join(text.split()))


def _class_node(module: ModuleSource, definition: Definition) -> ast.ClassDef:
    for binding in module.bindings.get(definition.name, []):
        for node in ast.walk(parse(module.text_of(module.pieces[binding.piece]))):
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


def _write(value: object, own_name: str, parts: list[str]) -> None:
    """Syntax as text, without positions and docstrings; `own_name` is written as `_`. Faster than `ast.dump`."""
    if isinstance(value, ast.AST):
        parts.append(type(value).__name__)
        for field in value._fields:
            inner: object = getattr(value, field, None)
            if field == "body" and isinstance(value, _WITH_DOCSTRING):
                inner = [item for item in value.body if not _is_text(item)]
            elif field in ("id", "name") and inner == own_name:
                inner = "_"
            _write(inner, own_name, parts)
        parts.append(")")
    elif isinstance(value, list):
        parts.append("[")
        for item in value:
            _write(item, own_name, parts)
        parts.append("]")
    elif value is not None:
        parts.append(repr(value))
    else:
        parts.append("-")


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
