"""The places of a refactoring: which nodes one call made, and what may be known of the code around them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archgraft.tree_ops.refactoring.call_arguments import OLD_CALL
from archgraft.tree_ops.refactoring.call_places import CallPlace, Home, concrete_calls
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.parts import Copy, Part, SameArguments, Surroundings, render
from archgraft.tree_ops.tree import CodeSite, Node, Tree


@dataclass(frozen=True)
class Spot:
    """Nodes to change that one call made. `made` are all that it made; `place` is None outside the user's files.

    `written` are the parameters that the call gives, and whether by keyword; None where that can't be told.
    """

    targets: tuple[Node, ...]
    made: tuple[Node, ...]
    place: CallPlace | None
    written: tuple[tuple[str, bool], ...] | None = None


@dataclass(frozen=True)
class Group:
    """What is put in the place of a spot's nodes."""

    spot: Spot
    part: Part

    @property
    def targets(self) -> tuple[Node, ...]:
        return self.spot.targets

    @property
    def made(self) -> tuple[Node, ...]:
        return self.spot.made

    @property
    def place(self) -> CallPlace | None:
        return self.spot.place


@dataclass(frozen=True)
class Setting:
    """What every rung may look at. `scopes` are names by node, with what they were worth when the node was made."""

    tree: Tree
    homes: Mapping[str, Home]
    scopes: Mapping[str, Mapping[str, str]]
    place_of: Callable[[CodeSite], CallPlace | None]

    def home_of(self, node: Node) -> Home | None:
        """Where the node's class is defined, when its own file is the user's."""
        home = self.homes.get(node.definition.partition(".")[0])
        return home if home is not None and home.is_own else None


Way = Callable[[Draft, Group, Setting], None]
"""Writes a group's change into a draft; raises `SourceError` where it does not apply."""


def around_call(draft: Draft, group: Group, setting: Setting, place: CallPlace) -> Surroundings:
    """What the code around the group's call knows, at each of the nodes that it made."""
    module = draft.files[place.path].module
    call = concrete_calls(module)[place.number]
    parameters = parameters_of(group)
    arguments: dict[str, str] = {}
    for number, argument in enumerate(call.args):
        if argument.star:
            break
        if argument.keyword is not None:
            arguments[argument.keyword.value] = module.code_for_node(argument.value)
        elif number < len(parameters):
            arguments[parameters[number]] = module.code_for_node(argument.value)
    names = {node.nid: _with_arguments(setting.scopes.get(node.nid, {}), node, arguments) for node in group.made}
    return Surroundings(names, arguments, f"{OLD_CALL}()", is_call=True)


def _with_arguments(names: Mapping[str, str], node: Node, arguments: Mapping[str, str]) -> dict[str, str]:
    """What the node's own arguments were written as is worth what it was given."""
    given = {argument.name: argument.text for argument in node.arguments if argument.kind == "literal"}
    own = {text: given[name] for name, text in arguments.items() if name in given and not _is_literal(text)}
    return {**names, **own}


def _is_literal(text: str) -> bool:
    return not any(character.isalpha() for character in text)


def text_of(draft: Draft, place: CallPlace, group: Group, around: Surroundings, nids: Sequence[str]) -> str:
    """The group's new expression, as it stands in a file where no call of the old one does."""
    part = group.part.otherwise if isinstance(group.part, SameArguments) else group.part
    return render(part, draft.symbols[place.path], around, nids)


def parameters_of(group: Group) -> tuple[str, ...]:
    """The parameters of what the old call calls, in order."""
    return tuple(argument.name for argument in group.targets[0].arguments)


def note_placed(draft: Draft, group: Group, rung: str) -> None:
    """Note in a draft what comes to stand where, and by which of the ways."""
    part, callee = group.part, group.part.callee
    draft.placed.update((node.path, None if callee.defined is None else callee) for node in group.targets)
    if isinstance(part, Copy):
        draft.changed.update((node.path, dict(part.changes)) for node in group.targets)
    draft.rungs.append(rung)


def ancestors(tree: Tree, node: Node) -> Iterator[Node]:
    """The modules that hold a node, the nearest first."""
    parent = tree.parent_of(node.nid)
    while parent is not None:
        yield parent
        parent = tree.parent_of(parent.nid)


def slots_in(instances: Sequence[Node], targets: Sequence[Node]) -> dict[str, list[Node]] | None:
    """The targets by their path within each of the instances; None unless every instance holds the same."""
    found: dict[str, list[Node]] = {}
    for node in targets:
        owner = next((one for one in instances if not one.path or node.path.startswith(f"{one.path}.")), None)
        if owner is None:
            return None
        found.setdefault(node.path.removeprefix(owner.path).lstrip("."), []).append(node)
    return found if all(len(nodes) == len(instances) for nodes in found.values()) else None
