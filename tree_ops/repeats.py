"""Repeated blocks: neighbours in a tree that are built alike, as a stage of twelve equal transformer blocks.

A tree is expanded: every instance is a node. Its tied view shows each repeated block once, times n. Blocks are alike
when they hold the same classes with tensors of the same shapes in the same slots, and torch's own layers the same
arguments; what other arguments differ in (a drop-path rate, a layer's number) is told beside. Neighbours are a repeat
where one call made them all, or where they are numbered: two layers that their owner calls by name are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from archgraft.tree_ops.tree import CodeSite, Node, Tree


@dataclass(frozen=True, slots=True)
class Repeat:
    """Blocks in a row that are alike. A block is one node, or several neighbours (a convolution and its activation)."""

    blocks: tuple[tuple[str, ...], ...]
    """The nids of each block's topmost nodes, in slot order; two blocks or more, of equal lengths."""
    varying: tuple[str, ...]
    """Arguments that differ between blocks, as `path.name` within the block; empty when the blocks are equal."""

    @property
    def n_blocks(self) -> int:
        """How often the block stands there."""
        return len(self.blocks)


@dataclass(frozen=True, slots=True)
class TiedNode:
    """A node of the tied view. `copies` are the nodes that it stands for, itself first; one when it isn't repeated."""

    node: Node
    copies: tuple[str, ...]
    varying: tuple[str, ...]


def repeats(tree: Tree) -> Iterator[Repeat]:
    """All repeats of a tree, outer before inner; those within a repeated block once for each block."""
    likenesses = _likenesses(tree)
    for node in tree.below(tree.root):
        yield from _repeats_among(tree, node.children, likenesses)


def tied(tree: Tree) -> Iterator[TiedNode]:
    """The tied view: parents first, and of a repeat only the first block with what is below it."""
    likenesses = _likenesses(tree)

    def below(copies: tuple[str, ...], varying: tuple[str, ...]) -> Iterator[TiedNode]:
        node = tree.nodes[copies[0]]
        yield TiedNode(node, copies, varying)
        found = {
            block[0]: repeat for repeat in _repeats_among(tree, node.children, likenesses) for block in repeat.blocks
        }
        index = 0
        while index < len(node.children):
            repeat = found.get(node.children[index])
            if repeat is None:
                yield from below((node.children[index],), ())
                index += 1
                continue
            for same_place in zip(*repeat.blocks, strict=True):
                yield from below(same_place, repeat.varying)
            index += repeat.n_blocks * len(repeat.blocks[0])

    yield from below((tree.root,), ())


def counterparts(tree: Tree, nid: str) -> tuple[str, ...]:
    """The nodes at the node's place in all blocks of the innermost repeat around it, in slot order, itself too."""
    likenesses = _likenesses(tree)
    below: list[int] = []  # positions among their siblings, from the block's topmost node down to `nid`
    top = nid
    while (parent := tree.parent_of(top)) is not None:
        for repeat in _repeats_among(tree, parent.children, likenesses):
            for block in repeat.blocks:
                if top in block:
                    place = block.index(top)
                    return tuple(_descend(tree, other[place], below) for other in repeat.blocks)
        below.insert(0, parent.children.index(top))
        top = parent.nid
    return (nid,)


def _descend(tree: Tree, nid: str, positions: Sequence[int]) -> str:
    for position in positions:
        nid = tree.nodes[nid].children[position]
    return nid


def _repeats_among(tree: Tree, siblings: Sequence[str], likenesses: Mapping[str, int]) -> Iterator[Repeat]:
    """From the left, what covers the most siblings; of two that cover as many, the one with the smaller block."""
    kinds = [_kind(tree.nodes[nid], likenesses) for nid in siblings]
    start = 0
    while start < len(kinds):
        sizes = range(1, (len(kinds) - start) // 2 + 1)
        size = max(sizes, key=lambda size: (_end(kinds, start, size), -size), default=0)
        end = _end(kinds, start, size) if size else start
        if end - start < 2 * max(size, 1):
            start += 1
            continue
        blocks = tuple(tuple(siblings[first : first + size]) for first in range(start, end, size))
        yield Repeat(blocks, _varying(tree, blocks))
        start = end


def _kind(node: Node, likenesses: Mapping[str, int]) -> tuple[int, CodeSite | None]:
    is_numbered = node.path.rpartition(".")[2].isdigit()
    return likenesses[node.nid], None if is_numbered else node.site


def _end(kinds: Sequence[object], start: int, size: int) -> int:
    """Where the blocks that equal the first `size` kinds from `start` on end."""
    block, end = kinds[start : start + size], start + size
    while kinds[end : end + size] == block:
        end += size
    return end


def _likenesses(tree: Tree) -> dict[str, int]:
    """A number for each node, by nid; equal for nodes that are alike."""
    numbers: dict[tuple[object, ...], int] = {}
    found: dict[str, int] = {}
    for node in reversed(list(tree.below(tree.root))):  # children first
        children = tuple((tree.nodes[child].path.rpartition(".")[2], found[child]) for child in node.children)
        tensors = tuple((tensor.name, tensor.shape, tensor.dtype) for tensor in node.tensors)
        arguments = node.arguments if node.definition.startswith("torch.nn.") else ()
        plain = tuple(argument for argument in arguments if argument.kind != "opaque")
        likeness = (node.definition, plain, tensors, children, bool(node.n_calls))
        found[node.nid] = numbers.setdefault(likeness, len(numbers))
    return found


def _varying(tree: Tree, blocks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    first, *others = (_arguments(tree, block) for block in blocks)
    return tuple(name for name, text in first.items() if any(other.get(name) != text for other in others))


def _arguments(tree: Tree, block: Sequence[str]) -> dict[str, str]:
    """The arguments of a block's nodes, by their name within the block."""
    found: dict[str, str] = {}
    for position, top in enumerate(block):
        prefix = f"{position}." if len(block) > 1 else ""
        n_above = len(tree.nodes[top].path)
        for node in tree.below(top):
            path = node.path[n_above:].removeprefix(".")
            names = (
                f"{prefix}{path}.{argument.name}" if path else prefix + argument.name for argument in node.arguments
            )
            found |= {name: argument.text for name, argument in zip(names, node.arguments, strict=True)}
    return found
