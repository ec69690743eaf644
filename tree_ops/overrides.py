"""Lines that set modules once a model is built: at the end of its `__init__`, or in `build_model()`.

They stand behind all code that reads children. Each generation edits what the one before it wrote; `override_folding`
keeps the lines few.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.module_access import assigned, path_of, paths_read, target_and_value
from archgraft.tree_ops.one_line import one_line
from archgraft.tree_ops.source_text import lines_after, lines_before
from archgraft.tree_ops.syntax import parse, parse_expression
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit
from archgraft.tree_ops.tree import Tree


@dataclass(frozen=True, slots=True)
class Owner:
    """The function that holds the overrides: `__init__` of a class, or the builder; and its variable for the model."""

    class_name: str
    """Empty for the builder."""
    variable: str


IN_BUILDER = Owner("", "model")


@dataclass(frozen=True, slots=True)
class Override:
    """`target = expression`, as text. `statement` is the one of the file that says just this, None for what is new.

    `is_rebuilt`: the expression builds anew what stands at the target, so what has been set inside it must stay.
    """

    target: str
    expression: str
    path: str
    reads: tuple[str, ...]
    statement: ast.stmt | None = field(default=None, compare=False)
    is_rebuilt: bool = field(default=False, compare=False)

    @property
    def code(self) -> str:
        """The statement's text."""
        return assigned(self.target, self.expression)


def override(target: str, expression: str, variable: str, *, is_rebuilt: bool = False) -> Override:
    """A new line. Raises `ValueError` when the target is no module of the variable's."""
    path = path_of(parse_expression(target), variable)
    if path is None:
        raise ValueError(f"{target} is no module of {variable}")
    return Override(target, expression, path, paths_read(expression, variable), is_rebuilt=is_rebuilt)


def owner_in_init(source: str, tree: Tree) -> Owner | None:
    """The root's own `__init__`, where the model has only this one instance of its class; None where it can't serve.

    The root's, rather than that of a class nearer by, since code of the root may read or initialise what lies below.
    """
    definition = tree.nodes[tree.root].definition
    if sum(node.definition == definition for node in tree) > 1:
        return None
    owner = Owner(definition, "self")
    _, block, _ = cut_out(source, owner)
    function = function_of(block, owner)
    if function is None or not function.args.args or function.args.args[0].arg != "self":
        return None
    if isinstance(function.body[-1], ast.Return) or lines_after(SourceBytes(block), function.body[-1], []) is None:
        return None
    return owner


def has_overrides(tree: Tree) -> bool:
    """Whether modules are set once the model is built, deep inside it: other arguments may leave these without a place.

    What an `__init__` sets on itself last looks alike, and doesn't count.
    """
    for owner in (IN_BUILDER, Owner(tree.nodes[tree.root].definition, "self")):
        _, block, _ = cut_out(tree.source, owner)
        function = function_of(block, owner)
        lines = last_overrides(SourceBytes(block), function, owner.variable) if function is not None else []
        if any(isinstance(line, ast.For) or _is_deep(SourceBytes(block), line, owner) for line in lines):
            return True
    return False


def _is_deep(text: SourceBytes, statement: ast.stmt, owner: Owner) -> bool:
    line = parsed(text, statement, owner.variable)
    return line is not None and ("." in line.path or line.path in line.reads or not owner.class_name)


def cut_out(source: str, owner: Owner) -> tuple[str, str, str]:
    """The source in three: what stands before the definition that holds the owner, that, and what stands behind.

    A file may be long and is read often. Where the cut goes wrong, the whole source is the middle.
    """
    head = rf"class {owner.class_name}\b" if owner.class_name else rf"def {BUILDER}\("
    starts = list(re.finditer(rf"^{head}", source, re.MULTILINE))
    if len(starts) == 1:
        start = starts[0].start()
        behind = re.compile(r"^[^\s)\]}]", re.MULTILINE).search(source, start + 1)
        end = behind.start() if behind else len(source)
        try:
            parse(source[start:end])
        except SyntaxError:  # a text that spans lines holds something like a definition
            return "", source, ""
        return source[:start], source[start:end], source[end:]
    return "", source, ""


def function_of(source: str, owner: Owner) -> ast.FunctionDef | None:
    """The function that holds the overrides, or None when the source lacks it."""
    body: Sequence[ast.stmt] = parse(source).body
    if owner.class_name:
        found = [item for item in body if isinstance(item, ast.ClassDef) and item.name == owner.class_name]
        body = found[0].body if found else []
    name = "__init__" if owner.class_name else BUILDER
    return next((item for item in body if isinstance(item, ast.FunctionDef) and item.name == name), None)


def last_overrides(text: SourceBytes, function: ast.FunctionDef, variable: str) -> list[ast.stmt]:
    """The statements that set modules at the end of a function, a `return` left out."""
    body = [statement for statement in function.body if not isinstance(statement, ast.Return)]
    found: list[ast.stmt] = []
    for statement in reversed(body):
        is_loop = isinstance(statement, ast.For)
        if not is_loop and parsed(text, statement, variable) is None:
            break
        found.append(statement)
    return found[::-1]


def parsed(text: SourceBytes, statement: ast.stmt, variable: str) -> Override | None:
    """The override that a statement says; None when it says anything else."""
    found = target_and_value(statement)
    if found is None:
        return None
    target, value = found
    place = parse_expression(target) if isinstance(target, str) else target
    path = path_of(place, variable)
    if path is None:
        return None
    written = target if isinstance(target, str) else text.text(text.start(target), text.end(target))
    expression = one_line(text.text(text.start(value), text.end(value)))
    return Override(written, expression, path, paths_read(expression, variable), statement)


def edits_for(
    text: SourceBytes, function: ast.FunctionDef, old: Sequence[ast.stmt], new: Sequence[ast.stmt | str]
) -> list[TextEdit]:
    """The changes that turn the old statements at a function's end into new ones; kept ones stand in both."""
    kept = {id(statement) for statement in new if isinstance(statement, ast.stmt)}
    edits = [TextEdit(*_whole_lines(text, statement), "") for statement in old if id(statement) not in kept]
    fresh: list[str] = []
    for statement in new:
        if isinstance(statement, str):
            fresh.append(statement)
        elif fresh:
            edits.append(_made(lines_before(text, statement, fresh)))
            fresh = []
    if fresh:
        last = function.body[-1]
        edits.append(_made((lines_before if isinstance(last, ast.Return) else lines_after)(text, last, fresh)))
    return edits


def _whole_lines(text: SourceBytes, statement: ast.stmt) -> tuple[int, int]:
    assert statement.end_lineno is not None
    return text.lines_span(statement.lineno, statement.end_lineno)


def _made(edit: TextEdit | None) -> TextEdit:
    assert edit is not None, "overrides stand on lines of their own"
    return edit
