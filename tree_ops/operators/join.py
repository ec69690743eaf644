"""Changing how two tensors of a node's forward become one, or keeping one of them alone."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from archgraft.tree_ops.class_sources import ClassSources, class_sources, receiver
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.edits import Adapter, Edit, JoinChange
from archgraft.tree_ops.fit import sourced
from archgraft.tree_ops.flow_reads import loses_weights
from archgraft.tree_ops.join_code import JoinCode, join_code, rewritten
from archgraft.tree_ops.method_edits import MethodEdit, change_method, is_possible
from archgraft.tree_ops.operators.calls import nodes_of
from archgraft.tree_ops.operators.required import join_of
from archgraft.tree_ops.outline import Outline
from archgraft.tree_ops.sites import layout_of
from archgraft.tree_ops.tree import CodeSite, Join, Node, Tree

_NOUNS = {
    "add": "Sum",
    "subtract": "Difference",
    "multiply": "Product",
    "maximum": "Maximum",
    "concatenate": "Concatenation",
}
_OPERATORS: tuple[Literal["add", "subtract", "multiply", "maximum"], ...] = ("add", "subtract", "multiply", "maximum")
_PROJECTION = "join_projection"


def apply(tree: Tree, edit: Edit, draft: Draft, *, by_call: bool) -> dict[str, Outline] | None:
    """See `protocol.Apply`."""
    change, nodes = join_of(edit), nodes_of(tree, edit)
    joins = [_join_at(node, change.index) for node in nodes]
    join = joins[0]
    if join is None or any(other is None or other.site != join.site for other in joins):
        return None
    found = _found(draft.classes, join.site)
    if found is None:
        return None
    code, variable = found
    slot = _free_slot(draft.classes)
    axis = -1 if change.projection is not None and change.projection.name == "nn.Linear" else 1
    text = draft.classes.text
    changes = rewritten(text, code, change.operator, f"{variable}.{slot}", axis)
    setup = () if change.projection is None else (f"self.{slot} = {draft.call(change.projection)}",)
    method_edit = MethodEdit(join.site.function, tuple(changes), *_named(change, join), setup)
    name = change_method(tree, nodes, method_edit, draft, by_call=by_call)
    if name is None:
        return None
    dropped = _dropped(code, change)
    return {node.path: _outline(node, change, name, slot, dropped) for node in nodes}


def join_edits(tree: Tree) -> Iterator[Edit]:
    """All changes of joins that shapes and code allow: at each instance alone, and at all that run the same code.

    A concatenation is left as it is, since what follows expects its width.
    """
    sources = class_sources(tree.source)
    same_code: dict[tuple[int, CodeSite], list[Node]] = defaultdict(list)
    for node in tree:
        for index, join in enumerate(node.joins):
            same_code[index, join.site].append(node)
    for node in tree:
        for index, join in enumerate(node.joins):
            found = _found(sources, join.site) if join.operator != "concatenate" else None
            if found is None or len(join.operand_shapes) != 2:
                continue
            together = same_code[index, join.site]
            for change in _changes(tree, sources, node, index, join, found[0]):
                setup = change.projection is not None
                if is_possible(tree, sources, [node], join.site.function, with_setup=setup):
                    yield Edit("join", node.nid, node.path, join=change)
                if together[0] is not node or len(together) < 2:
                    continue
                everywhere = [_changes_like(tree, sources, other, index, found[0], change) for other in together]
                if all(everywhere) and is_possible(tree, sources, together, join.site.function, with_setup=setup):
                    others = tuple((other.nid, other.path) for other in together[1:])
                    yield Edit("join", node.nid, node.path, join=change, scope="site", others=others)


def _changes_like(
    tree: Tree, sources: ClassSources, node: Node, index: int, code: JoinCode, change: JoinChange
) -> bool:
    return change in _changes(tree, sources, node, index, node.joins[index], code)


def _changes(
    tree: Tree, sources: ClassSources, node: Node, index: int, join: Join, code: JoinCode
) -> Iterator[JoinChange]:
    left, right = join.operand_shapes
    for operator in _OPERATORS:
        if operator != join.operator:
            yield JoinChange(index, operator)
    if left == right == join.output_shape and (projection := _projection(tree, node, join)) is not None:
        yield JoinChange(index, "concatenate", projection)
    function = join.site.function
    if left == join.output_shape and not loses_weights(tree, sources, node, function, code.right, code.left):
        yield JoinChange(index, "left")
    if right == join.output_shape and not loses_weights(tree, sources, node, function, code.left, code.right):
        yield JoinChange(index, "right")


def _projection(tree: Tree, node: Node, join: Join) -> Adapter | None:
    """What brings twice the channels back to as many as they were."""
    rank = len(join.output_shape)
    knows = bool(node.input_shapes) and len(node.input_shapes[0]) == rank
    layout = layout_of(tree, node) if knows else {4: "map", 3: "sequence", 2: "vector"}.get(rank)
    if layout in ("map", "signal"):
        width = join.output_shape[1]
        name = "nn.Conv2d" if layout == "map" else "nn.Conv1d"
        return Adapter(name, sourced(in_channels=2 * width, out_channels=width, kernel_size=1))
    if layout is None:
        return None
    width = join.output_shape[-1]
    return Adapter("nn.Linear", sourced(in_features=2 * width, out_features=width))


def _join_at(node: Node, index: int) -> Join | None:
    return node.joins[index] if index < len(node.joins) else None


def _found(sources: ClassSources, site: CodeSite) -> tuple[JoinCode, str] | None:
    """The code of a join, and what its method calls the instance."""
    method = sources.method(site.function)
    code = join_code(method, site) if method is not None else None
    variable = receiver(method) if method is not None else None
    return None if code is None or variable is None else (code, variable)


def _free_slot(sources: ClassSources) -> str:
    """A name for the projection that nothing in the file is called."""
    name, number = _PROJECTION, 2
    words = sources.text.text(0, len(sources.text.data))
    while name in words:
        name, number = f"{_PROJECTION}{number}", number + 1
    return name


def _named(change: JoinChange, join: Join) -> tuple[str, str]:
    """What a class with the change is called, and how it is described."""
    old = _NOUNS[join.operator]
    if change.operator in ("left", "right"):
        return f"Without{'Skip' if old == 'Sum' else old}", f"without a {old.lower()} in its {_method_of(join)}"
    new = _NOUNS[change.operator]
    return f"With{new}", f"with a {new.lower()} in place of a {old.lower()} in its {_method_of(join)}"


def _method_of(join: Join) -> str:
    return join.site.function.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Span:
    start: tuple[int, int]
    end: tuple[int, int]

    def holds(self, site: CodeSite) -> bool:
        return self.start <= (site.line, site.column) and (site.end_line, site.end_column) <= self.end


def _dropped(code: JoinCode, change: JoinChange) -> _Span | None:
    """Where the operand stands that is left out; joins in it are met no more."""
    if change.operator not in ("left", "right"):
        return None
    operand = code.right if change.operator == "left" else code.left
    return _Span(
        (operand.lineno, operand.col_offset), (operand.end_lineno or operand.lineno, operand.end_col_offset or 0)
    )


def _outline(node: Node, change: JoinChange, name: str, slot: str, dropped: _Span | None) -> Outline:
    changed = node.joins[change.index]
    operators: list[str] = []
    for join in node.joins:
        if join is changed:
            operators += [change.operator] if dropped is None else []
        elif dropped is None or join.site.function != changed.site.function or not dropped.holds(join.site):
            operators.append(join.operator)
    projection = change.projection
    return Outline(
        kept=(("", ""),),
        definitions=() if projection is None else ((slot, projection.name.replace("nn.", "torch.nn.")),),
        joins=tuple(operators),
        stands_for=name if name != node.definition else None,
    )
