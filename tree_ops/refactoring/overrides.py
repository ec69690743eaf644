"""Setting modules in the constructor of a class that holds them, after it made others there."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_places import CallPlace, Home
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.edits import ExtendInit
from archgraft.tree_ops.refactoring.functions import function_named
from archgraft.tree_ops.refactoring.parts import Surroundings
from archgraft.tree_ops.refactoring.slots import assignments
from archgraft.tree_ops.refactoring.spots import Group, Setting, Way, ancestors, note_placed, slots_in, text_of
from archgraft.tree_ops.tree import Node


def overrides(group: Group, setting: Setting) -> Iterator[Way]:
    """In each class around the nodes that is the user's: before it initialises weights, and at the end."""
    for owner in ancestors(setting.tree, group.targets[0]):
        home = setting.home_of(owner)
        if home is None:
            continue
        instances = [node for node in setting.tree if node.definition == owner.definition]
        slots = slots_in(instances, group.targets)
        if slots is None:
            continue
        for before in (True, False):
            yield _override_in(owner, home, instances, slots, before_initialisation=before)


def _override_in(
    owner: Node,
    home: Home,
    instances: Sequence[Node],
    slots: Mapping[str, Sequence[Node]],
    *,
    before_initialisation: bool,
) -> Way:
    def way(draft: Draft, group: Group, setting: Setting) -> None:
        name = owner.definition.replace(owner.definition.partition(".")[0], home.definition.name, 1)
        function = function_named(draft.files[home.path].text, f"{name}.__init__")
        if function is None:
            raise SourceError(f"{name} has no __init__ of its own")
        lines = statements(draft, group, setting, home, instances, slots, function)
        draft.add(home.path, ExtendInit(name, lines, before_initialisation))
        note_placed(draft, group, "override")

    return way


def statements(
    draft: Draft,
    group: Group,
    setting: Setting,
    home: Home,
    instances: Sequence[Node],
    slots: Mapping[str, Sequence[Node]],
    function: ast.FunctionDef | None,
) -> tuple[str, ...]:
    """Assignments of the new modules to their slots under `self`."""
    file = draft.files[home.path]

    def text(path: str, old: str) -> str:
        nodes = slots[path]
        names = {node.nid: _names_in(_owner_of(instances, node)) for node in nodes}
        around = Surroundings(names, old=old)
        return text_of(draft, CallPlace(home.path, -1, ""), group, around, [node.nid for node in nodes])

    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} if function is not None else set()
    kinds = {node.path: node.definition for node in setting.tree}
    prefix = instances[0].path
    kind_of = {path.removeprefix(prefix).lstrip("."): kind for path, kind in kinds.items() if path.startswith(prefix)}
    return assignments(list(slots), text, kind_of, used, file.module.default_indent)


def _names_in(owner: Node) -> dict[str, str]:
    """What a class's constructor knows by name at its end: its parameters, and plain values that it kept."""
    given = {argument.name: argument.text for argument in owner.arguments if argument.kind == "literal"}
    return {**given, **{f"self.{name}": text for name, text in owner.attributes}}


def _owner_of(instances: Sequence[Node], node: Node) -> Node:
    return next(one for one in instances if not one.path or node.path.startswith(f"{one.path}."))
