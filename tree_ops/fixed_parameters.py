"""Taking constructor parameters out of a class: their defaults become assignments at the top of `__init__`.

Passing such a parameter is an error afterwards, never silently ignored; without it the class does what it did.
"""

import ast
from collections.abc import Collection, Sequence

from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.links import LinkedPiece
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.scopes import FunctionNode
from archgraft.tree_ops.text_edits import SourceBytes, TextEdit


def constructor(reached: Reached, root: Definition) -> tuple[LinkedPiece, FunctionNode] | None:
    """The `__init__` that the root class itself defines, and its piece."""
    for key in reached.definitions.get(root, ()):
        piece = reached.pieces[key]
        for statement in piece.statements:
            if isinstance(statement, ast.ClassDef) and statement.name == root.name:
                found = [
                    node for node in statement.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
                ]
                return (piece, found[0]) if len(found) == 1 and not found[0].decorator_list else None
    return None


def optional_parameters(init: FunctionNode) -> dict[str, ast.expr]:
    """Named parameters with a default, in order."""
    arguments = init.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    return {argument.arg: default for argument, default in pairs}


def fixed_values(text: str, init: FunctionNode, fixed: Collection[str]) -> dict[str, str]:
    """The `fixed` parameters with their defaults' text, and `**kwargs` with them if there is one.

    `init` is the constructor's syntax in `text`. A `**kwargs` would swallow what is no parameter any more.
    """
    source = SourceBytes(text)
    values = {name: _text(source, default) for name, default in optional_parameters(init).items() if name in fixed}
    if values and init.args.kwarg is not None:
        values[init.args.kwarg.arg] = "{}"
    return values


def without_parameters(text: str, init: FunctionNode, fixed: Collection[str]) -> str:
    """The text of a piece whose constructor lost the parameters of `fixed_values`."""
    values = fixed_values(text, init, fixed)
    if not values:
        return text
    source = SourceBytes(text)
    return source.apply([_signature_edit(source, init, values), _assignments(source, init, values)])


def _signature_edit(source: SourceBytes, init: FunctionNode, gone: Collection[str]) -> TextEdit:
    """One edit over the span of all parameters: those that stay, each on a line where the author had several lines."""
    arguments = init.args
    defaults = optional_parameters(init)
    first = [*arguments.posonlyargs, *arguments.args][0]
    parts: list[str] = []

    def add(nodes: Sequence[ast.arg]) -> None:
        for argument in nodes:
            if argument.arg not in gone:
                last = defaults.get(argument.arg, argument)
                parts.append(source.text(source.start(argument), source.end(last)))

    add(arguments.posonlyargs)
    if arguments.posonlyargs:
        parts.append("/")
    add(arguments.args)
    if arguments.vararg is not None:
        parts.append("*" + source.text(source.start(arguments.vararg), source.end(arguments.vararg)))
    keyword_only = [argument for argument in arguments.kwonlyargs if argument.arg not in gone]
    if keyword_only and arguments.vararg is None:
        parts.append("*")
    add(keyword_only)
    everything: list[ast.arg | ast.expr] = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *defaults.values(),
    ]
    everything += [found for found in (arguments.vararg, arguments.kwarg) if found is not None]
    end = max(source.end(node) for node in everything)
    start = source.start(first)
    line_start = source.offset(first.lineno, 0)
    before = source.text(line_start, start)
    is_spread = not before.strip() and first.lineno != init.lineno
    return TextEdit(start, end, (f",\n{before}" if is_spread else ", ").join(parts))


def _assignments(source: SourceBytes, init: FunctionNode, values: dict[str, str]) -> TextEdit:
    """The defaults as statements, after the docstring."""
    first = init.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(init.body) > 1
    following = init.body[1] if is_docstring else first
    start = source.start(following)
    indent = " " * following.col_offset
    return TextEdit(start, start, "".join(f"{name} = {value}\n{indent}" for name, value in values.items()))


def _text(source: SourceBytes, node: ast.expr) -> str:
    text = source.text(source.start(node), source.end(node))
    return f"({text})" if "\n" in text else text
