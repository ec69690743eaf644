"""How the new parts of an edit begin so that they change nothing: zeros, or weights that hand on each channel.

Sources: a gate of zero behind a new branch (Bachlechner et al. 2020, "ReZero", arXiv 2003.04887, section 3); copies
that begin as the identity (Chen et al. 2016, arXiv 1511.05641, section 2.3); two paths that share the work of one (Cai
et al. 2018, arXiv 1806.02639, section 3.1).
"""

from dataclasses import dataclass

from archgraft.tree_ops.anatomy import Anatomy, IdentityStart, tensors_below
from archgraft.tree_ops.composites import composite_at
from archgraft.tree_ops.edits import Edit, Graft
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_paths import joined

AFFINE = ("torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", "torch.nn.Linear")
"""Layers that are linear in their weights, up to a bias."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Full names of the child's tensors that begin as zeros, or as the identity; some may not exist (a bias)."""

    zeroed: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()

    def __or__(self, other: "Fill") -> "Fill":
        return Fill(self.zeroed + other.zeroed, self.identity + other.identity)


def fill_of(node: Node, edit: Edit, anatomy: Anatomy) -> Fill | str:
    """How the new parts begin at one place of an edit; a reason when nothing there keeps the function."""
    path = node.path
    match edit.operator, edit.form:
        case "insert", _:
            return Fill((joined(path, "gate"),))
        case "wrap", "parallel" | "gate":
            return _silent_graft(joined(path, "graft"), edit.graft)
        case "wrap", "concatenate":
            projection = joined(path, "projection")
            return Fill((joined(projection, "bias"),), (joined(projection, "weight"),))
        case "wrap", _:
            return "a skip connection around it adds its input"
        case "duplicate", _:
            start = anatomy.start_at(path)
            if start is None:
                return f"how another {node.class_name} starts as the identity is not known"
            return started(joined(path, "1"), start)
        case "split", "average":
            return Fill()
        case "split", _:
            return _split_channels(node)
    return f"what {edit.operator} begins with is not known"


def merged_with(tree: Tree, node: Node) -> Node | None:
    """Of a path that shares the work of another by averaging, the other, if the mean of their weights does both's work.

    That is so for a single affine layer; deleting one of the two then merges them.
    """
    above = tree.parent_of(node.nid)
    if above is None or composite_at(tree, above) != "Average":
        return None
    first, second = (tree.nodes[child] for child in above.children)
    is_affine = first.definition == second.definition in AFFINE and first.arguments == second.arguments
    return first if node is second and is_affine else None


def started(path: str, start: IdentityStart) -> Fill:
    """The tensors of a start at the place of a new node."""
    return Fill(
        tuple(joined(path, tensor) for tensor in start.zeroed), tuple(joined(path, tensor) for tensor in start.dirac)
    )


def start_like(parent: Tree, child: Tree, node: Node, anatomy: Anatomy) -> IdentityStart | None:
    """A start for a new node of the child: that of a node of the parent with its class and no other switches."""
    tensors = set(tensors_below(child, node.nid))
    switches = _switches(node)
    for start in anatomy.starts_of(node.definition):
        if {*start.zeroed, *start.dirac} <= tensors and _switches(parent.at(start.path)) == switches:
            return start
    return None


def _switches(node: Node) -> dict[str, str]:
    """Arguments that are no whole numbers: those choose what is computed, numbers mostly how much of it."""
    return {argument.name: argument.text for argument in node.arguments if not argument.text.lstrip("-").isdigit()}


def _silent_graft(path: str, graft: Graft | None) -> Fill | str:
    if graft is None or not graft.after or f"torch.{graft.after[-1].name}" not in AFFINE:
        return "the graft does not end in a layer that can begin as zeros"
    last = joined(path, *["module"] * len(graft.outer), str(len(graft.before) + len(graft.after)))
    return Fill((joined(last, "weight"), joined(last, "bias")))


def _split_channels(node: Node) -> Fill | str:
    given = {argument.name: argument.text for argument in node.arguments}
    if literal(given.get("groups", "1")) != 1:
        return "each half of a grouped convolution would see other channels"
    return Fill()
