"""What an edit must turn a tree into, and whether a rebuilt model is that tree (law 2: never trust the printer)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Argument, Node, Tree
from archgraft.tree_ops.tree_paths import named, within


@dataclass(frozen=True, slots=True)
class Expectation:
    """The intended tree, as far as it is known before it is built; keys are paths of the new tree.

    `kept` are old nodes that must be there, unchanged in class and arguments; `copies` are second instances of old
    nodes, equal to these; `donated` are modules of another tree, with class and arguments. `definitions` are classes
    that must stand at some paths, and `changed` arguments that nodes must have been given. `open_paths` are roots of
    subtrees that the edit makes anew; `followed` are old nodes that go on there, if one of the same class is found at
    that path. `joins` are what the forward of some nodes must now meet, and `stand_ins` classes that do the work of a
    kept node's class.
    """

    kept: Mapping[str, Node]
    copies: Mapping[str, Node] = field(default_factory=dict)
    followed: Mapping[str, Node] = field(default_factory=dict)
    open_paths: tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    donated: Mapping[str, tuple[str, tuple[Argument, ...]]] = field(default_factory=dict)
    joins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)


def unchanged(tree: Tree) -> Expectation:
    """The tree itself: what a mere reprint must give."""
    return Expectation({node.path: node for node in tree})


def difference(expected: Expectation, traced: Sequence[Mapping[str, Any]]) -> str | None:
    """The first way in which a traced model is not the intended tree, as one line; None when it is."""
    found = {str(node["path"]): node for node in traced}
    wanted = {
        **{path: (node.definition, node.arguments) for path, node in {**expected.kept, **expected.copies}.items()},
        **expected.donated,
    }
    for path, (definition, arguments) in wanted.items():
        reason = _other_class(path, expected.stand_ins.get(path, definition), found)
        if reason is not None:
            return reason
        if not _same_arguments(arguments, found[path]["arguments"]):
            return f"{named(path)} ({found[path]['class_name']}) was built with other arguments"
    for path, definition in expected.definitions.items():
        reason = _other_class(path, definition, found)
        if reason is not None:
            return reason
    for path in found:
        if (
            path not in wanted
            and path not in expected.definitions
            and not any(within(path, root) for root in expected.open_paths)
        ):
            return f"{path} ({found[path]['class_name']}) was not meant to be there"
    return _other_arguments(expected, found) or _other_joins(expected, found)


def _other_class(path: str, definition: str, found: Mapping[str, Mapping[str, Any]]) -> str | None:
    if path not in found:
        return f"{named(path)} ({definition}) is missing"
    if found[path]["definition"] != definition:
        return f"{named(path)} is a {found[path]['definition']}, not a {definition}"
    return None


def _other_arguments(expected: Expectation, found: Mapping[str, Mapping[str, Any]]) -> str | None:
    for path, changes in expected.changed.items():
        reason = _other_class(path, expected.followed[path].definition, found)
        if reason is not None:
            return reason
        given = {argument["name"]: argument["text"] for argument in found[path]["arguments"]}
        for name, value in changes.items():
            if not same_value(given.get(name), value):
                return f"{named(path)} was built with {name}={given.get(name)}, not {value}"
    return None


def _other_joins(expected: Expectation, found: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Where an edit changes joins, those of all other nodes must be as they were."""
    if not expected.joins:
        return None
    wanted = {path: tuple(join.operator for join in node.joins) for path, node in expected.kept.items()}
    for path, operators in (wanted | dict(expected.joins)).items():
        met = tuple(join["operator"] for join in found[path]["joins"])
        if met != operators:
            return f"the forward of {named(path)} joins by {', '.join(met) or 'nothing'}, not {', '.join(operators)}"
    return None


def same_value(left: str | None, right: str) -> bool:
    """Whether two argument texts mean the same: equal literals (a list counts as its tuple), or equal text."""
    if left is None or left == right:
        return left is not None
    try:
        return bool(_tupled(literal(left)) == _tupled(literal(right)))
    except (ValueError, SyntaxError):
        return left == right


def adopt(
    source: str,
    construct: str,
    trace: Mapping[str, Any],
    batch: int,
    expected: Expectation | None = None,
    next_nid: int = 0,
) -> Tree:
    """A tree from a traced model; old nodes that went on keep their `nid`, new ones count on from `next_nid`."""
    expected = expected or Expectation({})
    nids: dict[str, str] = {}
    for raw in trace["nodes"]:
        path, old = raw["path"], expected.kept.get(raw["path"])
        follower = expected.followed.get(path)
        if old is None and follower is not None and follower.definition == raw["definition"]:
            old = follower
        if old is None:
            nids[path], next_nid = f"n{next_nid}", next_nid + 1
        else:
            nids[path] = old.nid
    nodes = {}
    for raw in trace["nodes"]:
        path = raw["path"]
        copied = expected.copies.get(path)
        fields = {**raw, "nid": nids[path], "children": [nids[child] for child in raw["children"]]}
        nodes[nids[path]] = _NODE.validate_python(fields | {"copied_from": copied.nid if copied else None})
    return Tree(source, construct, nodes, nids[""], batch, trace["n_parameters"], trace["flops"])


_NODE = TypeAdapter(Node)


def _same_arguments(kept: Sequence[Argument], traced: Sequence[Mapping[str, str]]) -> bool:
    """Opaque arguments can only be compared by name and kind: their texts describe, they don't identify."""
    if len(kept) != len(traced):
        return False
    return all(
        old.name == new["name"] and old.kind == new["kind"] and (old.kind == "opaque" or old.text == new["text"])
        for old, new in zip(kept, traced, strict=True)
    )


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list | tuple) else value
