"""Changing a method for some instances of a class: in the class itself where all are meant, else in a subclass of it.

A subclass says in a few lines what is different and keeps parameters, state-dict keys and everything else; a copy would
have to be kept alike by hand. The chosen instances are made of it where their call makes nothing else, or set anew by
an override whose call is written from what was recorded.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from archgraft.tree_ops.class_sources import ClassSources, receiver
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.source_text import lines_after, lines_before
from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.text_edits import TextEdit
from archgraft.tree_ops.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class MethodEdit:
    """A change of the text of `Class.method`, with lines to add at the end of `__init__`, which say `self`.

    `suffix` and `difference` name and describe a class that has it: `WithMaximum`, `with a maximum in place of a sum`.
    """

    function: str
    changes: tuple[TextEdit, ...]
    suffix: str
    difference: str
    setup: tuple[str, ...] = ()


def is_possible(
    tree: Tree, sources: ClassSources, nodes: Sequence[Node], function: str, *, with_setup: bool = False
) -> bool:
    """Whether a method can be changed for just these nodes, told without writing anything.

    `with_setup` says that their `__init__` gets further lines.
    """
    home, _, method = function.partition(".")
    running = sources.running(tree, home, method)
    if not {node.nid for node in nodes} <= {node.nid for node in running} or sources.method(function) is None:
        return False
    if with_setup and _init_of(sources, nodes, home, is_whole=len(running) == len(nodes)) is None:
        return False
    if len(running) == len(nodes):
        return True
    if len({node.definition for node in nodes}) > 1 or not sources.can_move(function):
        return False
    return all(
        _is_alone(sources, nodes, node) or (node.path and call_of(tree, node, then_overridden=True)) for node in nodes
    )


def change_method(tree: Tree, nodes: Sequence[Node], edit: MethodEdit, draft: Draft, *, by_call: bool) -> str | None:
    """Write the change for some nodes; the class that they are of afterwards, None when it can't be written so.

    In the class itself it is the same with and without `by_call`, and is written with it only.
    """
    sources = draft.classes
    if not is_possible(tree, sources, nodes, edit.function, with_setup=bool(edit.setup)):
        return None
    home, _, method = edit.function.partition(".")
    if len(sources.running(tree, home, method)) == len(nodes):
        return nodes[0].definition if by_call and _in_class(sources, nodes, home, edit, draft) else None
    name = _subclass(sources, nodes[0].definition, edit, draft)
    if name is None or not all(_routed(tree, nodes, node, name, draft, by_call=by_call) for node in nodes):
        return None
    return name


def _init_of(sources: ClassSources, nodes: Sequence[Node], home: str, *, is_whole: bool) -> ast.FunctionDef | None:
    """The `__init__` that all nodes run, where lines can be added behind it: in it, or in one that extends it."""
    homes = {sources.home_of(node.definition, "__init__") for node in nodes}
    init_home = homes.pop()
    init = sources.method(f"{init_home}.__init__") if init_home is not None and not homes else None
    if init is None or receiver(init) != "self":
        return None
    if is_whole and (any(node.definition != home for node in nodes) and init_home != home):
        return None
    return init if lines_after(sources.text, init.body[-1], ()) is not None else None


def _in_class(sources: ClassSources, nodes: Sequence[Node], home: str, edit: MethodEdit, draft: Draft) -> bool:
    if edit.setup:
        own, method = sources.method(f"{home}.__init__"), sources.method(edit.function)
        init = _init_of(sources, nodes, home, is_whole=True)
        assert init is not None
        assert method is not None
        if own is not None:
            added = lines_after(sources.text, init.body[-1], edit.setup)
        else:
            added = lines_before(sources.text, method, [*_extended(init, edit.setup), ""])
        if added is None:
            return False
        draft.insert(added)
    return all(draft.change(change) for change in edit.changes)


def _extended(init: ast.FunctionDef, setup: Sequence[str]) -> list[str]:
    """An `__init__` that does what a base's does, and more."""
    indent = " " * 4
    call = f"{indent}super().__init__({_handed_on(init.args)})"
    return [f"def __init__({ast.unparse(init.args)}):", call, *(indent + line for line in setup)]


def _subclass(sources: ClassSources, base: str, edit: MethodEdit, draft: Draft) -> str | None:
    """Define a class like `base` with the method changed; its name."""
    text, cls, method = sources.text, sources[base], sources.method(edit.function)
    assert method is not None
    assert method.end_lineno is not None
    name = draft.free_name(_named(base, edit.suffix))
    indent = " " * 4
    head = [f"class {name}({base}):", f'{indent}"""{base} {edit.difference}."""']
    if edit.setup:
        home = sources.home_of(base, "__init__")
        init = sources.method(f"{home}.__init__") if home else None
        if init is None or receiver(init) != "self":
            return None
        head += ["", *(indent + line for line in _extended(init, edit.setup))]
    first = min([method.lineno, *(decorator.lineno for decorator in method.decorator_list)])
    start, end = text.lines_span(first, method.end_lineno)
    inside = [TextEdit(change.start - start, change.end - start, change.replacement) for change in edit.changes]
    body = type(text)(text.text(start, end)).apply(inside).rstrip("\n")
    draft.define(name, "\n".join([*head, "", body]), behind=cls)
    return name


def _named(base: str, suffix: str) -> str:
    """`BlockWithMaximum`; of that, `BlockWithMaximumAndSkip`."""
    return f"{base}And{suffix[4:]}" if suffix.startswith("With") and "With" in base else f"{base}{suffix}"


def _handed_on(arguments: ast.arguments) -> str:
    """What an `__init__` gives to that of its base: all that it was given."""
    given = [each.arg for each in [*arguments.posonlyargs, *arguments.args][1:]]
    given += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    given += [f"{each.arg}={each.arg}" for each in arguments.kwonlyargs]
    given += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return ", ".join(given)


def _is_alone(sources: ClassSources, nodes: Sequence[Node], node: Node) -> bool:
    """Whether a node's call names its class and makes nothing but nodes that are meant."""
    site = node.site
    if site is None or site.n_instances != sum(other.site == site for other in nodes):
        return False
    text = sources.text
    code = text.text(text.offset(site.line, site.column), text.offset(site.end_line, site.end_column))
    call = parse_expression(f"({code}\n)")
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == node.definition


def _routed(tree: Tree, nodes: Sequence[Node], node: Node, name: str, draft: Draft, *, by_call: bool) -> bool:
    """Have a node made of the new class."""
    site = node.site
    if by_call and site is not None and _is_alone(draft.classes, nodes, node):
        start = draft.classes.text.offset(site.line, site.column)
        change = TextEdit(start, start + len(node.definition.encode()), name)
        return draft.has(change) or draft.change(change)
    call = call_of(tree, node, then_overridden=True)
    if call is None or not node.path:
        return False
    draft.override(node.path, call.replace(node.definition, name, 1), is_rebuilt=True)
    return True
