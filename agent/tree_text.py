"""A tree as plain lines, for prompts and pipes."""

from collections.abc import Iterator

from archgraft.tree_ops.tree import Node, Tree


def summary(tree: Tree, max_lines: int = 60) -> str:
    """One line a node, indented by depth: slot, class, shapes, parameters. Long trees are cut, and say so."""
    lines = [_line(tree, node) for node in walk(tree) if not node.opaque]
    if len(lines) > max_lines:
        lines = [*lines[:max_lines], f"... and {len(lines) - max_lines} more modules"]
    return "\n".join(lines)


def walk(tree: Tree) -> Iterator[Node]:
    """All nodes in slot order, parents first."""
    return tree.below(tree.root)


def shapes(node: Node) -> str:
    """`8x16x16 -> 16x8x8`, without the batch axis; empty where none was recorded."""
    if not node.input_shapes or not node.output_shapes:
        return ""
    taken, given = ("x".join(map(str, shape[1:])) for shape in (node.input_shapes[0], node.output_shapes[0]))
    return f"{taken} -> {given}"


def _line(tree: Tree, node: Node) -> str:
    slot = node.path.rpartition(".")[2] or "model"
    return f"{'  ' * tree.depth_of(node.nid)}{slot}: {node.class_name} {shapes(node)} {node.n_parameters:,}".rstrip()
