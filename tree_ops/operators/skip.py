"""Adding a skip connection in a node's forward: `x = self.attn(self.norm(x))` becomes `x = x + self.attn(...)`."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from archgraft.tree_ops.class_sources import ClassSources, class_sources, receiver
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.method_edits import MethodEdit, change_method, is_possible
from archgraft.tree_ops.module_access import path_of
from archgraft.tree_ops.operators.calls import nodes_of
from archgraft.tree_ops.operators.required import skip_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.text_edits import TextEdit
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import joined

_METHOD = "forward"
_POINTWISE = frozenset(("relu", "gelu", "silu", "elu", "selu", "mish", "tanh", "sigmoid", "hardswish", "leaky_relu"))
"""Functions that keep a tensor's shape."""


@dataclass(frozen=True, slots=True)
class SkipPlace:
    """An expression in a forward, `self.attn(self.norm(x))`, that leads from one variable through modules.

    `first` and `last` are paths below the instance of the modules that the variable meets first and last.
    """

    value: ast.expr
    source: str
    first: str
    last: str


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    nodes, sources = nodes_of(tree, edit), draft.classes
    homes = {sources.home_of(node.definition, _METHOD) for node in nodes}
    home = homes.pop()
    places = _places(sources, home) if home is not None and not homes else []
    index = skip_of(edit)
    if index >= len(places) or not all(_fits(tree, node, places[index]) for node in nodes):
        return None
    place = places[index]
    start = sources.text.start(place.value)
    change = TextEdit(start, start, f"{place.source} + ")
    around = place.last.rpartition(".")[2] or "forward"
    method_edit = MethodEdit(f"{home}.{_METHOD}", (change,), "WithSkip", f"with a skip connection around its {around}")
    name = change_method(tree, nodes, method_edit, draft, by_call=by_call)
    if name is None:
        return None
    return {node.path: _outline(node, place, name) for node in nodes}


def skip_edits(tree: Tree) -> Iterator[Edit]:
    """All skip connections that code and shapes allow: at each instance alone, and at all that run the same forward."""
    sources = class_sources(tree.source)
    places: dict[str, list[SkipPlace]] = {}
    for node in tree:
        home = sources.home_of(node.definition, _METHOD)
        if home is None or node.opaque:
            continue
        if home not in places:
            places[home] = _places(sources, home)
        function = f"{home}.{_METHOD}"
        together = sources.running(tree, home, _METHOD)
        for index, place in enumerate(places[home]):
            if not _fits(tree, node, place):
                continue
            if is_possible(tree, sources, [node], function):
                yield Edit("skip", node.nid, node.path, skip=index)
            if together[0] is node and len(together) > 1 and all(_fits(tree, each, place) for each in together):
                others = tuple((each.nid, each.path) for each in together[1:])
                yield Edit("skip", node.nid, node.path, skip=index, scope="site", others=others)


def _places(sources: ClassSources, home: str) -> list[SkipPlace]:
    """The places in a class's forward, in the order of the code."""
    method = sources.method(f"{home}.{_METHOD}")
    variable = receiver(method) if method is not None else None
    if method is None or variable is None:
        return []
    # Of a module that stands in several places (two branches, say), shapes don't tell which one has run.
    used = Counter(path_of(node, variable) for node in ast.walk(method) if isinstance(node, ast.Attribute))
    found = []
    for statement in _statements(method.body):
        match statement:
            case ast.Assign(targets=[ast.Name()], value=ast.Call() as value) | ast.Return(value=ast.Call() as value):
                place = _place(value, variable)
                if place is not None and all(used[path] == 1 for path in (place.first, place.last)):
                    found.append(place)
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, block, []))


def _place(value: ast.Call, variable: str) -> SkipPlace | None:
    modules: list[str] = []
    inner: ast.expr = value
    while isinstance(inner, ast.Call) and inner.args:
        path = path_of(inner.func, variable)
        if path:
            modules.append(path)
        elif not (isinstance(inner.func, ast.Attribute) and inner.func.attr in _POINTWISE):
            return None
        inner = inner.args[0]
    if not isinstance(inner, ast.Name) or not modules:
        return None
    return SkipPlace(value, inner.id, modules[-1], modules[0])


def _fits(tree: Tree, node: Node, place: SkipPlace) -> bool:
    """Whether what goes in has the shape of what comes out, and something on the way learns."""
    if any(join.site.function.rpartition(".")[2] != _METHOD for join in node.joins):
        return False  # in which order the joins of several methods are met can't be told
    below = {child.path: child for child in tree.below(node.nid)}
    first, last = below.get(joined(node.path, place.first)), below.get(joined(node.path, place.last))
    if first is None or last is None or not first.n_calls == last.n_calls == 1:
        return False
    shapes = first.input_shapes[:1], last.output_shapes
    works = any(child.flops for child in (first, last))
    return works and len(shapes[0]) == 1 and shapes[0] == shapes[1]


def _outline(node: Node, place: SkipPlace, name: str) -> Outline:
    """The new sum is met behind all that is met before its line ends."""
    end = (place.value.end_lineno or place.value.lineno, place.value.end_col_offset or 0)
    before = [join for join in node.joins if (join.site.line, join.site.column) < end]
    after = node.joins[len(before) :]
    operators = (*(join.operator for join in before), "add", *(join.operator for join in after))
    return Outline(kept=(("", ""),), joins=operators, stands_for=name if name != node.definition else None)
