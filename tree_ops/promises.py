"""What an edit promises of the function that its child computes at first: decided before anything is built.

`exact`: with the parent's weights, the child gives the parent's outputs and gradients. `near`: it begins with all of
the parent's weights, and only small things differ. `changing`: everything else. Only what is known to be exact is
called so; the reasons say what stands in the way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archgraft.tree_ops.anatomy import OUTPUT, POSITIONS, Anatomy, UnitGroup, shapes_of
from archgraft.tree_ops.argument_changes import role_of
from archgraft.tree_ops.convolutions import grown_kernel, merged_groups
from archgraft.tree_ops.edits import Edit, Promise
from archgraft.tree_ops.new_parts import fill_of, merged_with
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node, Shape, Tree
from archgraft.tree_ops.tree_paths import within

_ORDER: tuple[Promise, ...] = ("exact", "near", "changing")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A promise, and why it is not more."""

    promise: Promise
    reason: str = ""


_EXACT = Judgement("exact")


def promise_of(tree: Tree, edit: Edit, anatomy: Anatomy | None = None) -> Promise:
    """The promise of an edit. Without the tree's anatomy, what needs it is not called exact."""
    return judge(tree, edit, anatomy or Anatomy()).promise


def judge(tree: Tree, edit: Edit, anatomy: Anatomy) -> Judgement:
    """The promise of an edit, and why it is not more. Of several steps and places the weakest counts."""
    judgements = [
        _judge(tree, tree.nodes[nid], step, anatomy) for step in edit.steps or (edit,) for nid, _ in step.places
    ]
    return weakest(judgements)


def weakest(judgements: list[Judgement]) -> Judgement:
    """The first of those that promise least."""
    return max(judgements, key=lambda judgement: _ORDER.index(judgement.promise), default=_EXACT)


def _judge(tree: Tree, node: Node, edit: Edit, anatomy: Anatomy) -> Judgement:
    match edit.operator:
        case "change_argument":
            return _judge_change(tree, node, edit, anatomy)
        case "insert" | "wrap" | "duplicate" | "split":
            fill = fill_of(node, edit, anatomy)
            return Judgement("changing", fill) if isinstance(fill, str) else _EXACT
        case "delete" if merged_with(tree, node) is not None:
            return _EXACT
        case _:
            return Judgement("changing", f"{edit.operator} puts something else in its place")


def _judge_change(tree: Tree, node: Node, edit: Edit, anatomy: Anatomy) -> Judgement:
    before = {argument.name: argument.text for argument in node.arguments}
    after = before | dict(edit.changes)
    if before.keys() != after.keys():
        return Judgement("changing", "an argument is set that was not recorded")
    if grown_kernel(node.definition, before, after) or merged_groups(node.definition, before, after):
        return _EXACT
    judgements = [
        _judge_argument(tree, node, name, before[name], after[name], anatomy)
        for name, _ in edit.changes
        if before[name] != after[name]
    ]
    return weakest(judgements)


def _judge_argument(tree: Tree, node: Node, name: str, old: str, new: str, anatomy: Anatomy) -> Judgement:
    role = role_of(name)
    if role == "rate":
        return Judgement("near", f"{name} tells in training")
    try:
        values = literal(old), literal(new)
    except (ValueError, SyntaxError):
        return Judgement("changing", f"{name} is no number")
    if role == "count":
        return _judge_count(tree, node, name, values, anatomy)
    before, after = values
    if role in ("width", "factor") and isinstance(before, int | float) and isinstance(after, int | float):
        return _judge_width(tree, node, name, (before, after), anatomy)
    return Judgement("changing", f"what {name} does is not known")


def _judge_count(tree: Tree, node: Node, name: str, values: tuple[object, object], anatomy: Anatomy) -> Judgement:
    """More blocks, each of which starts as the identity."""
    grown = list(_entries(*values))
    if not grown or any(m <= n for n, m in grown):
        return Judgement("changing", f"{name} does not grow")
    for n, _ in grown:
        last_blocks = [
            blocks[-1] for inner in tree.below(node.nid) for blocks in _alike(tree, inner) if len(blocks) == n
        ]
        if not last_blocks:
            return Judgement("near", f"no container below holds {n} blocks of a kind")
        for last in last_blocks:
            if next(anatomy.starts_of(last.definition), None) is None:
                return Judgement("near", f"how another {last.class_name} starts as the identity is not known")
    return _EXACT


def _entries(old: object, new: object) -> Iterator[tuple[int, int]]:
    """The numbers that differ, of a number or of the entries of a list."""
    if type(old) is int and type(new) is int:
        yield old, new
    elif isinstance(old, tuple | list) and isinstance(new, tuple | list) and len(old) == len(new):
        yield from ((n, m) for n, m in zip(old, new, strict=True) if n != m)


def _alike(tree: Tree, container: Node) -> Iterator[list[Node]]:
    """The numbered children of a node that hold something themselves, by their class."""
    children = [tree.nodes[child] for child in container.children]
    blocks = [child for child in children if child.children and child.path.rpartition(".")[2].isdigit()]
    for definition in sorted({block.definition for block in blocks}):
        yield [block for block in blocks if block.definition == definition]


def _judge_width(tree: Tree, node: Node, name: str, values: tuple[float, float], anatomy: Anatomy) -> Judgement:
    """More units inside the node, each a replica, if all that may be meant can be replicated."""
    old, new = values
    if new <= old:
        return Judgement("changing", f"{name} does not grow")
    shapes = shapes_of(tree)
    inside = [group for group in anatomy.groups if _is_inside(node, group)]
    meant = [group for group in inside if _is_meant(group, shapes, old, is_factor=role_of(name) == "factor")]
    if not meant:
        return Judgement("near", f"which units {name} counts is not known")
    for group in meant:
        first = group.axes[0].tensor
        if group.hazards:
            return Judgement("near", f"the units of {first}: {group.hazards[0]}")
        if {axis.role for axis in group.axes} != {"gives", "takes"}:
            return Judgement("near", f"the units of {first}: it isn't known which layer takes them")
        if group.uniform and new % old:
            return Judgement("near", f"the units of {first} must grow by a whole factor")
    return _EXACT


def _is_inside(node: Node, group: UnitGroup) -> bool:
    """Whether these units are the node's own affair: held by it or below it alone, neither outputs nor positions."""
    return not {OUTPUT, POSITIONS} & set(group.hazards) and all(within(tensor, node.path) for tensor in group.tensors)


def _is_meant(group: UnitGroup, shapes: Mapping[str, Shape], value: float, *, is_factor: bool) -> bool:
    """Whether an argument of that value may count these units."""
    sizes = {shapes[axis.tensor][axis.axis] for axis in group.axes}
    if not is_factor:
        return any(size % value == 0 for size in sizes)
    widths = {size for shape in shapes.values() for size in shape if size > 1}
    return any(_is_product(size, value, width) for size in sizes for width in widths)


def _is_product(size: int, factor: float, width: int) -> bool:
    """Whether a size may be factor times width, as code writes it or rounds it to a multiple."""
    wanted = factor * width
    return size in (int(wanted), round(wanted)) or (
        size % 4 == 0 and wanted % 4 != 0 and abs(size - wanted) < 0.1 * size
    )
