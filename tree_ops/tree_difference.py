"""Two trees side by side, as lines for people: what was put in, taken out, wrapped and set anew, and where."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from archgraft.tree_ops.canonical_form import canonical
from archgraft.tree_ops.identity import canonical_hash
from archgraft.tree_ops.layer_configuration import layer_configuration
from archgraft.tree_ops.tree import Node, Tree


def differences(old: Tree, new: Tree) -> list[str]:
    """One line a difference, from the root down: `layer2.0.conv1: kernel_size (3, 3) -> (5, 5)`.

    Empty exactly when the trees have the same hash.
    """
    comparison = _Comparison(_Side(old), _Side(new))
    return list(comparison.nodes(old.nodes[old.root], new.nodes[new.root]))


class _Side:
    """A tree with what its canonical form says of each node: the hash of all below it, and what runs there."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        forms = {form.nid: form for form in reversed(list(canonical(tree))) if not form.label.startswith("again ")}
        self._labels = {nid: form.label for nid, form in forms.items()}
        self._hashes = {nid: canonical_hash(form) for nid, form in forms.items()}

    def label(self, node: Node) -> str:
        """What runs in the node itself; its class where no code uses it."""
        return self._labels.get(node.nid, node.definition)

    def hash(self, node: Node) -> str:
        """Of the node and all below it."""
        return self._hashes.get(node.nid, node.definition)

    def children(self, node: Node) -> list[Node]:
        """In the order of slots."""
        return [self._tree.nodes[nid] for nid in node.children]


class _Comparison:
    """One walk down two trees."""

    def __init__(self, old: _Side, new: _Side) -> None:
        self._old = old
        self._new = new

    def nodes(self, old: Node, new: Node) -> Iterator[str]:
        """The differences of two nodes that stand in the same place, and of all below them."""
        where = new.path or "the model"
        is_same = self._old.hash(old) == self._new.hash(new)
        if is_same:
            return
        inside = next((c for c in self._new.children(new) if self._new.hash(c) == self._old.hash(old)), None)
        if inside is not None:
            yield f"{where}: {old.class_name} wrapped in {new.class_name}"
            yield from (f"+ {c.class_name} at {c.path}" for c in self._new.children(new) if c.nid != inside.nid)
        elif any(self._old.hash(child) == self._new.hash(new) for child in self._old.children(old)):
            yield f"{where}: {old.class_name} unwrapped, leaving {new.class_name}"
        elif self._old.label(old) != self._new.label(new) and old.definition != new.definition:
            yield f"{where}: {old.class_name} -> {new.class_name}"
        else:
            yield from self._alike(where, old, new)

    def _alike(self, where: str, old: Node, new: Node) -> Iterator[str]:
        """Of two nodes of one class: their settings, then their children."""
        own = _changes(_settings(old), _settings(new)) or _changes(_tensors(old), _tensors(new))
        below = [line for pair in self._pairs(old, new) for line in self._pair(*pair)]
        if own:
            yield f"{where}: {', '.join(own)}"
        elif self._old.label(old) != self._new.label(new) or not below:
            yield f"{where}: {new.class_name} runs other code, or its parts in another order"
        yield from below

    def _pair(self, before: Node | None, after: Node | None) -> Iterator[str]:
        if before is not None and after is not None:
            yield from self.nodes(before, after)
        elif after is not None:
            yield f"+ {after.class_name} at {after.path}"
        elif before is not None:
            yield f"- {before.class_name} at {before.path}"

    def _pairs(self, old: Node, new: Node) -> Iterator[tuple[Node | None, Node | None]]:
        """Children that belong together: by slot, or in a list, where slots are numbers, by what they are."""
        left, right = self._old.children(old), self._new.children(new)
        if all(_slot(child).isdigit() for child in (*left, *right)):
            matcher = SequenceMatcher(None, [*map(self._old.hash, left)], [*map(self._new.hash, right)], autojunk=False)
            for _, start, end, new_start, new_end in matcher.get_opcodes():
                yield from zip_longest(left[start:end], right[new_start:new_end])
            return
        before, after = ({_slot(child): child for child in side} for side in (left, right))
        for slot in dict.fromkeys([*before, *after]):
            yield before.get(slot), after.get(slot)


def _slot(node: Node) -> str:
    return node.path.rpartition(".")[2]


def _settings(node: Node) -> dict[str, str]:
    if node.definition.startswith("torch."):
        return {name: text for name, _, text in layer_configuration(node)}
    return dict(node.attributes)


def _tensors(node: Node) -> dict[str, str]:
    return {tensor.name: f"{tensor.shape} {tensor.tied_to}".strip() for tensor in node.tensors}


def _changes(old: dict[str, str], new: dict[str, str]) -> Sequence[str]:
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    return [f"{name} {old.get(name, 'none')} -> {new.get(name, 'none')}" for name in names]
