"""Sites: the nodes of a tree that may be edited, and how their tensors are laid out."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from archgraft.tree_ops.contract import Layout
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import AttributeRead, Node, Shape, Tree

N_DEPTH_BANDS = 3

_AXIS_OF_WIDTH: dict[Layout, int] = {"map": 1, "map_last": 3, "sequence": 2, "signal": 1, "vector": 1}

_RANK: dict[Layout, int] = {"map": 4, "map_last": 4, "sequence": 3, "signal": 3, "vector": 2}

# Constructor argument that states the width of a leaf's input, and the layouts that the leaf accepts.
_WIDTH_ARGUMENT: dict[str, tuple[str, tuple[Layout, ...]]] = {
    "torch.nn.Conv2d": ("in_channels", ("map",)),
    "torch.nn.BatchNorm2d": ("num_features", ("map",)),
    "torch.nn.GroupNorm": ("num_channels", ("map", "signal")),
    "torch.nn.Conv1d": ("in_channels", ("signal",)),
    "torch.nn.BatchNorm1d": ("num_features", ("signal", "vector")),
    "torch.nn.Linear": ("in_features", ("sequence", "map_last", "vector")),
    "torch.nn.LayerNorm": ("normalized_shape", ("sequence", "map_last", "vector")),
    "torch.nn.RMSNorm": ("normalized_shape", ("sequence", "map_last", "vector")),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """All that decides what fits a site: tensors in and out, without the batch axis, and how the call looks."""

    layout: Layout
    in_width: int
    out_width: int
    in_positions: Shape
    out_positions: Shape
    extra_inputs: bool
    overwritten: bool = False
    """Whether what follows works in place on the output: nothing may need it for its gradient."""
    n_prefix: int | None = None
    """Of a sequence that holds a square patch grid which the tree shows elsewhere: class and register tokens before."""

    @property
    def plain(self) -> "Signature":
        """The same for a module that is called with one tensor alone, and whose output nobody overwrites."""
        return replace(self, extra_inputs=False, overwritten=False) if self.extra_inputs or self.overwritten else self


@dataclass(frozen=True, slots=True)
class Site:
    """A node that may be edited."""

    node: Node
    signature: Signature
    depth_band: int


def sites(tree: Tree) -> Iterator[Site]:
    """The open sites of a tree, in slot order.

    Closed are: the root, what torch made inside its own modules, shared instances and tied parameters, nodes off which
    other code reads what can't be written down, nodes that the trace found unsteady, and nodes that don't take one
    tensor to one tensor of the same kind with the batch axis first, always of the same shape.
    """
    bands = depth_bands(tree)
    open_nodes = [(node, signature_of(tree, node)) for node in tree if not _barred(tree, node)]
    found = [(node, signature) for node, signature in open_nodes if signature is not None]
    grids = frozenset(_grids(signature for _, signature in found))
    for node, signature in found:
        told = replace(signature, overwritten=node.overwritten, n_prefix=_n_prefix(signature, grids))
        yield Site(node, told, bands[node.nid])


def _grids(signatures: Iterable[Signature]) -> Iterator[int]:
    """The numbers of positions of all square grids."""
    for signature in signatures:
        for positions in (signature.in_positions, signature.out_positions):
            n_positions = math.prod(positions)
            side = math.isqrt(n_positions)
            is_square = signature.layout == "sequence" and side**2 == n_positions
            if is_square or positions == (side, side):
                yield n_positions


def _n_prefix(signature: Signature, grids: frozenset[int]) -> int | None:
    """The tokens in front of the largest grid that a sequence can hold; fewer than there are patches."""
    if signature.layout != "sequence" or signature.in_positions != signature.out_positions:
        return None
    n_tokens = signature.in_positions[0]
    held = [n_patches for n_patches in grids if n_patches <= n_tokens < 2 * n_patches]
    return n_tokens - max(held) if held else None


def closed_because(tree: Tree, node: Node) -> str:
    """Why a node is no site, in a few words; empty for a site."""
    reason = _barred(tree, node)
    return reason if reason or signature_of(tree, node) is not None else "not one tensor in, one out"


def _barred(tree: Tree, node: Node) -> str:
    """Why a node is no site, whatever tensors it takes and gives."""
    if node.nid == tree.root:
        return "the model itself"
    if node.opaque:
        return "made inside torch"
    if node.shared:
        return "shared"
    if node.closed_because:
        return node.closed_because
    if node.call_order is None:
        return "never called"
    read = closing_read(node)
    return f"others read .{read.name}" if read is not None else ""


def depth_bands(tree: Tree) -> dict[str, int]:
    """The third of the call order that each node lies in, by nid; nodes that are never called have none."""
    orders = {node.nid: node.call_order for node in tree if node.call_order is not None}
    n_calls = 1 + max(orders.values(), default=0)
    return {nid: min(N_DEPTH_BANDS * order // n_calls, N_DEPTH_BANDS - 1) for nid, order in orders.items()}


def hands_on(node: Node) -> bool:
    """Whether a module may give its very input."""
    return node.definition == "torch.nn.Identity" or node.definition.startswith("torch.nn.Dropout")


def works_in_place(node: Node) -> bool:
    """Whether a module says that it overwrites its input."""
    return any(argument.name == "inplace" and argument.text == "True" for argument in node.arguments)


def closing_read(node: Node) -> AttributeRead | None:
    """An attribute that the model's code needs while it runs, and that can't be set on another module."""
    for read in node.reads:
        made_up = read.value is not None and not read.name.startswith("__")
        if read.when == "forward" and not read.is_guarded and not made_up:
            return read
    return None


def signature_of(tree: Tree, node: Node) -> Signature | None:
    """The site's signature, or None when its tensors close it."""
    if len(node.input_shapes) != 1 or len(node.output_shapes) != 1:
        return None
    taken, given = node.input_shapes[0], node.output_shapes[0]
    if len(taken) != len(given) or len(taken) not in (2, 3, 4) or taken[0] != tree.batch or given[0] != tree.batch:
        return None
    layout = layout_of(tree, node)
    axis = _AXIS_OF_WIDTH[layout]
    return Signature(
        layout=layout,
        in_width=taken[axis],
        out_width=given[axis],
        in_positions=_without(taken, axis),
        out_positions=_without(given, axis),
        extra_inputs=node.extra_inputs,
    )


def _without(shape: Shape, axis: int) -> Shape:
    return tuple(size for index, size in enumerate(shape) if index not in (0, axis))


def layout_of(tree: Tree, node: Node) -> Layout:
    """How a node's tensors are laid out, from the nearest leaf whose arguments tell.

    A number of axes alone doesn't decide (B, N, C) against (B, C, L); what stands in or around the node does.
    """
    rank = len(node.input_shapes[0])
    around: Node | None = node
    while around is not None:
        for leaf in tree.below(around.nid):
            layout = _evidence(leaf, rank)
            if layout is not None:
                return layout
        around = tree.parent_of(around.nid)
    shape = node.input_shapes[0]
    if rank == 4:
        return "map_last" if shape[1] == shape[2] != shape[3] else "map"
    return "sequence" if rank == 3 else "vector"


def _evidence(leaf: Node, rank: int) -> Layout | None:
    name, layouts = _WIDTH_ARGUMENT.get(leaf.definition, ("", ()))
    if not layouts or not leaf.input_shapes or len(leaf.input_shapes[0]) != rank:
        return None
    width = next((_last_int(a.text) for a in leaf.arguments if a.name == name and a.kind == "literal"), None)
    for layout in layouts:
        axis = _AXIS_OF_WIDTH[layout]
        if _RANK[layout] == rank and leaf.input_shapes[0][axis] == width:
            return layout
    return None


def _last_int(text: str) -> int | None:
    value = literal(text)
    if isinstance(value, tuple | list) and value:
        value = value[-1]
    return value if isinstance(value, int) else None
