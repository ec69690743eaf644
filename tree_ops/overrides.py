"""Lines of `build_model()` that set modules once the model is built, and keeping them few.

Each generation edits what the one before it wrote. A module that is set twice at the same path is set once: the second
line takes in the first, or replaces it.
"""

import ast
from dataclasses import dataclass

from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree_paths import within


def taken(path: str) -> str:
    """The expression that gives the module at a path of the built model."""
    return f'model.get_submodule("{path}")'


def override(path: str, expression: str) -> str:
    """The line that sets the module at a path."""
    return f'model.set_submodule("{path}", {expression})'


@dataclass(frozen=True, slots=True)
class _Override:
    statement: ast.stmt
    path: str
    expression: str


def settle(source: str) -> str:
    """The source with overrides that say nothing left out, and those of one path made one."""
    while (simpler := _simplified(source)) is not None:
        source = simpler
    return source


def _simplified(source: str) -> str | None:
    """One step; None when there is nothing to make simpler."""
    text = SourceBytes(source)
    lines = _overrides(source, text)
    for index, line in enumerate(lines):
        if line.expression == taken(line.path):
            return _without(text, line)
        for later in lines[index + 1 :]:
            if later.path != line.path:
                if within(later.path, line.path) or within(line.path, later.path) or line.path in later.expression:
                    break  # what stands between sees or changes what this line has set
                continue
            if later.expression.count(taken(line.path)) > 1 or f'"{line.path}.' in later.expression:
                break
            joined = later.expression.replace(taken(line.path), line.expression)
            return _without(text, line, _put(text, later, override(line.path, joined)))
    return None


def _overrides(source: str, text: SourceBytes) -> list[_Override]:
    """The overrides at the top of the builder's body, in order."""
    found = []
    for statement in _builder_body(source):
        match statement:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name("model"), attr="set_submodule"),
                    args=[ast.Constant(str(path)), expression],
                    keywords=[],
                )
            ):
                found.append(_Override(statement, path, text.text(text.start(expression), text.end(expression))))
    return found


def _builder_body(source: str) -> list[ast.stmt]:
    for statement in parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == BUILDER:
            return statement.body
    return []


def _without(text: SourceBytes, line: _Override, *further: TextEdit) -> str:
    assert line.statement.end_lineno is not None
    start, end = text.lines_span(line.statement.lineno, line.statement.end_lineno)
    return text.apply([TextEdit(start, end, ""), *further])


def _put(text: SourceBytes, line: _Override, replacement: str) -> TextEdit:
    return TextEdit(text.start(line.statement), text.end(line.statement), replacement)
