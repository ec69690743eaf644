"""What an edit makes of the part of the tree that it touches, said before anything is built."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from archgraft.tree_ops.expectation import Expectation
from archgraft.tree_ops.tree import Argument, Node, Tree
from archgraft.tree_ops.tree_paths import below, joined, within

Paths = tuple[tuple[str, str], ...]
"""(old path, new path), both relative to the site; "" is the site itself."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The subtree at one site after an edit. All paths are relative to the site; what isn't mentioned must be gone.

    Classes are given as the draft names them: a slot that is settled when the file is whole, or a name as it is.
    """

    kept: Paths = ()
    """Subtrees that go on as they are, and where to."""
    copies: Paths = ()
    """Subtrees of which a second one stands elsewhere."""
    definitions: tuple[tuple[str, str], ...] = ()
    """Classes that must come to stand at some paths."""
    new: tuple[str, ...] = ()
    """Roots of subtrees of which only that is known."""
    donated: tuple[tuple[str, str, tuple[Argument, ...]], ...] = ()
    """Modules that come from elsewhere: path, class, arguments."""
    changed: tuple[tuple[str, str], ...] = ()
    """Arguments that the node at the site must now have been given; it stays the same node, built anew."""
    joins: tuple[str, ...] | None = None
    """Operators of the joins that the forward of the node at the site must now meet, where an edit changes these."""
    stands_for: str | None = None
    """Another class now does the work of the node's class: the slot of that class. Node and subtree go on."""


@dataclass
class Outlined:
    """Outlines by the path of their sites, put together to what the whole tree must become."""

    tree: Tree
    outlines: dict[str, Outline] = field(default_factory=dict)

    def expectation(self, names: Mapping[str, str]) -> Expectation:
        """The intended tree. `names` settle the slots of the draft."""
        kept = {node.path: node for node in self.tree}
        for site in self.outlines:
            kept = {path: node for path, node in kept.items() if not within(path, site)}
        copies: dict[str, Node] = {}
        followed: dict[str, Node] = {}
        stand_ins: dict[str, str] = {}
        for site, outline in self.outlines.items():
            kept |= self._moved(site, outline.kept)
            copies |= self._moved(site, outline.copies)
            if outline.changed:
                followed |= self._moved(site, (("", ""),))
            if outline.stands_for is not None:
                stand_ins[joined(site)] = names.get(outline.stands_for, outline.stands_for)
        return Expectation(
            kept=kept,
            copies=copies,
            followed=followed,
            open_paths=tuple(joined(site, path) for site, o in self.outlines.items() for path in self._open(o)),
            definitions={
                joined(site, path): settled(name, names)
                for site, o in self.outlines.items()
                for path, name in o.definitions
            },
            changed={joined(site): dict(o.changed) for site, o in self.outlines.items() if o.changed},
            donated={
                joined(site, path): (settled(name, names), _settled_arguments(arguments, names))
                for site, o in self.outlines.items()
                for path, name, arguments in o.donated
            },
            joins={joined(site): o.joins for site, o in self.outlines.items() if o.joins is not None},
            stand_ins=stand_ins,
        )

    def _open(self, outline: Outline) -> Iterable[str]:
        return ("",) if outline.changed else outline.new

    def _moved(self, site: str, paths: Paths) -> dict[str, Node]:
        moved = {}
        for old, new in paths:
            root = joined(site, old)
            for node in self.tree:
                if within(node.path, root):
                    moved[joined(site, new, below(node.path, root))] = node
        return moved


def settled(text: str, names: Mapping[str, str]) -> str:
    """A text with the slots of a draft replaced by what they came to be called."""
    for slot, name in names.items():
        text = text.replace(slot, name)
    return text


def _settled_arguments(arguments: tuple[Argument, ...], names: Mapping[str, str]) -> tuple[Argument, ...]:
    return tuple(replace(argument, text=settled(argument.text, names)) for argument in arguments)
