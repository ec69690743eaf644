"""What a child has that its edit, promised to be exact, did not foresee: then the promise is weakened."""

from collections.abc import Iterator, Mapping, Sequence, Set

from archgraft.tree_ops.anatomy import full_name
from archgraft.tree_ops.lineage import Origin, TensorPlan
from archgraft.tree_ops.new_parts import Fill
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import named


def unforeseen(
    parent: Tree, child: Tree, origins: Mapping[str, Origin], plans: Sequence[TensorPlan], fill: Fill, meant: Set[str]
) -> Iterator[str]:
    """Reasons why the child may not compute what the parent does. `meant` are arguments that the edit sets."""
    yield from (f"{plan.name}: {plan.reason}" for plan in plans if plan.beginning == "overlap")
    names = {plan.name: plan for plan in plans}
    for path, origin in origins.items():
        if origin.kind == "new":
            continue
        known = {tensor.name for tensor in parent.nodes[origin.nid].tensors}
        yield from (f"{full_name(path, t.name)} is new" for t in child.at(path).tensors if t.name not in known)
        if origin.kind == "kept":
            yield from _other_values(parent.nodes[origin.nid], child.at(path), meant)
    sources = {source for plan in plans for source in plan.sources}
    yield from (f"{name} is dropped" for name in _parameters(parent) if name not in sources)
    for name in fill.zeroed + fill.identity:
        if name not in names and not name.endswith("bias"):
            yield f"there is no {name}"


def _parameters(tree: Tree) -> Iterator[str]:
    for node in tree:
        for tensor in node.tensors:
            if tensor.kind == "parameter" and not tensor.tied_to:
                yield full_name(node.path, tensor.name)


def _other_values(old: Node, new: Node, meant: Set[str]) -> Iterator[str]:
    """Values, not counts, with which a node that was kept now works otherwise: drop rates, scales, modes."""
    before, after = _values(old), _values(new)
    for name in sorted(before.keys() & after.keys() - meant):
        values = _telling(before[name])
        if values != _telling(after[name])[: len(values)]:
            yield f"{named(new.path)} now has {name}={after[name]}, not {before[name]}"


def _values(node: Node) -> dict[str, str]:
    return dict([*((argument.name, argument.text) for argument in node.arguments), *node.attributes])


def _telling(text: str) -> tuple[object, ...]:
    """What of a value is no count; of containers the fractions, as a list of stages grows with their number."""
    try:
        value = literal(text)
    except (ValueError, SyntaxError):
        return (text,)
    if isinstance(value, list | tuple | dict | set):
        return tuple(_fractions(value))
    return () if type(value) is int else (value,)


def _fractions(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _fractions(item)
    elif isinstance(value, dict):
        yield from _fractions(list(value.values()))
