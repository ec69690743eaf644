"""Expressions that build a node anew, from what was recorded when it was made."""

from collections.abc import Mapping

from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.default_arguments import usual_arguments
from archgraft.tree_ops.draft import short
from archgraft.tree_ops.tree import Argument, Node, Tree

_SEQUENTIAL = "torch.nn.Sequential"
_LIST = "torch.nn.ModuleList"
_DICT = "torch.nn.ModuleDict"


def call_of(
    tree: Tree, node: Node, changes: Mapping[str, str] | None = None, *, then_overridden: bool = False
) -> str | None:
    """A call that builds the node, with some arguments changed; None when one can't be written.

    Modules that were handed to the node are written as calls in their turn. A node is not rebuilt when it was given
    anything else that no text says, or when something was set inside it once the model was built: unless the call comes
    to stand before the lines that do so (`then_overridden`).
    """
    if node.definition in (_SEQUENTIAL, _LIST, _DICT):
        return None if changes else _container(tree, node)
    handed = _handed(tree, node)
    if handed is None:
        return None
    if not then_overridden and is_overridden(tree, node, frozenset(child.nid for child in handed.values())):
        return None
    given = {argument.name: argument.text for argument in node.arguments}
    if any(name.startswith("*") for name in given):
        texts = given  # what stands before it is told by its place
    else:
        usual = usual_arguments(tree.source, node.definition)
        texts = {name: text for name, text in given.items() if usual.get(name) != short(text)}
    for name, child in handed.items():
        written = call_of(tree, child)
        if written is None:
            return None
        texts[name] = written
    return short(f"{node.definition}({_listed(texts | dict(changes or {}))})")


def _listed(texts: Mapping[str, str]) -> str:
    """Keywords; those before a `*` parameter by their place."""
    names = list(texts)
    n_placed = next((index for index, name in enumerate(names) if name.startswith("*")), -1) + 1
    placed = [f"*{texts[name]}" if name.startswith("*") else texts[name] for name in names[:n_placed]]
    return ", ".join([*placed, *(f"{name}={texts[name]}" for name in names[n_placed:])])


def _handed(tree: Tree, node: Node) -> dict[str, Node] | None:
    """The child that each opaque argument is; None when one is no child, or can't be told."""
    children = [tree.nodes[child] for child in node.children]
    found = {}
    for argument in node.arguments:
        if argument.kind == "opaque":
            child = _child(argument, children)
            if child is None:
                return None
            found[argument.name] = child
    return None if len({child.nid for child in found.values()}) < len(found) else found


def _child(argument: Argument, children: list[Node]) -> Node | None:
    """The child of an argument's class: the one in the slot of its name, or else the only one of that class."""
    alike = [child for child in children if child.class_name == argument.text and child.site is not None]
    in_slot = [child for child in alike if child.path.rpartition(".")[2] == argument.name]
    return in_slot[0] if in_slot else alike[0] if len(alike) == 1 else None


def is_overridden(tree: Tree, node: Node, handed: frozenset[str] = frozenset()) -> bool:
    """Whether code that sets modules of a built model made something below a node, other than what was handed to it."""
    from_outside = {BUILDER, f"{tree.nodes[tree.root].definition}.__init__"}
    for nid in node.children:
        child = tree.nodes[nid]
        if nid in handed:
            continue
        if child.site is not None and child.site.function in from_outside and node.nid != tree.root:
            return True
        if is_overridden(tree, child, frozenset()):
            return True
    return False


def _container(tree: Tree, node: Node) -> str | None:
    names = [tree.nodes[child].path.rpartition(".")[2] for child in node.children]
    calls = [call_of(tree, tree.nodes[child]) for child in node.children]
    if None in calls:
        return None
    if node.definition == _DICT:
        return f"nn.ModuleDict({{{', '.join(f'{name!r}: {call}' for name, call in zip(names, calls, strict=True))}}})"
    if names == [str(index) for index in range(len(names))]:
        listed = ", ".join(map(str, calls))
        return f"nn.ModuleList([{listed}])" if node.definition == _LIST else f"nn.Sequential({listed})"
    if node.definition == _LIST:
        return None
    named = ", ".join(f"({name!r}, {call})" for name, call in zip(names, calls, strict=True))
    return f"nn.Sequential(collections.OrderedDict([{named}]))"
