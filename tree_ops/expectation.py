"""What an edit must turn a tree into, and whether a rebuilt model is that tree (law 2: never trust the printer)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Argument, Node, Tree


@dataclass(frozen=True, slots=True)
class Expectation:
    """The intended tree, as far as it is known before it is built.

    `kept` maps each path that must be there, unchanged in class and arguments, to the old node. `open_paths` are roots
    of subtrees that the edit makes anew; `definitions` are the classes that must stand at some of those paths, and
    `changed` the arguments that the node at `changed_path` must have been given.
    """

    kept: Mapping[str, Node]
    open_paths: tuple[str, ...]
    definitions: Mapping[str, str]
    changed_path: str | None
    changed: Mapping[str, str]
    changed_nid: str | None = None
    """The node at `changed_path`: built anew, it is still the same one."""


def expect(tree: Tree, edit: Edit, definition: str | None) -> Expectation:
    """The tree that `edit` is meant to give. `definition` is the class that comes to stand at the site, if one does."""
    node = tree.nodes[edit.nid]
    inside = {below.nid for below in tree.below(edit.nid)}
    kept = {other.path: other for other in tree if other.nid not in inside}
    definitions = {} if definition is None else {node.path: definition}
    if edit.operator == "insert":
        for below in tree.below(edit.nid):
            kept[f"{node.path}.host{below.path.removeprefix(node.path)}"] = below
        return Expectation(kept, (f"{node.path}.graft",), definitions, None, {})
    if edit.operator == "change_argument":
        return Expectation(kept, (node.path,), {node.path: node.definition}, node.path, dict(edit.changes), edit.nid)
    return Expectation(kept, (node.path,), definitions, None, {})


def unchanged(tree: Tree) -> Expectation:
    """The tree itself: what a mere reprint must give."""
    return Expectation({node.path: node for node in tree}, (), {}, None, {})


def difference(expected: Expectation, traced: Sequence[Mapping[str, Any]]) -> str | None:
    """The first way in which a traced model is not the intended tree, as one line; None when it is."""
    found = {str(node["path"]): node for node in traced}
    for path, node in expected.kept.items():
        if path not in found:
            return f"{path or 'the root'} ({node.class_name}) is missing"
        if found[path]["definition"] != node.definition:
            return f"{path or 'the root'} is a {found[path]['definition']}, not a {node.definition}"
        if not _same_arguments(node.arguments, found[path]["arguments"]):
            return f"{path or 'the root'} ({node.class_name}) was built with other arguments"
    for path, definition in expected.definitions.items():
        if path not in found:
            return f"nothing stands at {path}"
        if found[path]["definition"] != definition:
            return f"{path} is a {found[path]['definition']}, not a {definition}"
    for path in found:
        if path not in expected.kept and path not in expected.definitions and not _within(path, expected.open_paths):
            return f"{path} ({found[path]['class_name']}) was not meant to be there"
    if expected.changed_path is not None:
        given = {a["name"]: a["text"] for a in found[expected.changed_path]["arguments"]}
        for name, value in expected.changed.items():
            if not same_value(given.get(name), value):
                return f"{expected.changed_path or 'the root'} was built with {name}={given.get(name)}, not {value}"
    return None


def same_value(left: str | None, right: str) -> bool:
    """Whether two argument texts mean the same: equal literals (a list counts as its tuple), or equal text."""
    if left is None:
        return False
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
    """A tree from a traced model; nodes that `expected` kept keep their `nid`, new ones count on from `next_nid`."""
    kept = {} if expected is None else {path: node.nid for path, node in expected.kept.items()}
    if expected is not None and expected.changed_path is not None and expected.changed_nid is not None:
        kept[expected.changed_path] = expected.changed_nid
    nids: dict[str, str] = {}
    for raw in trace["nodes"]:
        path = raw["path"]
        if path in kept:
            nids[path] = kept[path]
        else:
            nids[path] = f"n{next_nid}"
            next_nid += 1
    nodes = {}
    for raw in trace["nodes"]:
        fields = {**raw, "nid": nids[raw["path"]], "children": [nids[child] for child in raw["children"]]}
        nodes[fields["nid"]] = _NODE.validate_python(fields)
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


def _within(path: str, roots: Sequence[str]) -> bool:
    return any(root == "" or path == root or path.startswith(root + ".") for root in roots)


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list | tuple) else value
