"""What keeps a model's function when it grows, as plain data: which axes count the same units, what starts as identity.

Widening (Chen et al. 2016, Net2Net, arXiv 1511.05641, section 2.2) replicates units. It is exact only when all tensors
that hold a unit are known, and all that its values flow through treats a replica as the original. Both are read off
one run of the model (`archgraft.evaluator.dissecting`), as functional code can't be told from the tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from archgraft.tree_ops.tree import Shape, Tree

OUTPUT = "they are the model's output"
"""The hazard of units that nobody inside the model takes."""
POSITIONS = "they are positions of a convolution"
"""The hazard of the axes of a kernel, and of what it moves along."""


@dataclass(frozen=True, slots=True)
class UnitAxis:
    """One axis of a parameter or buffer, by its full name, that counts units.

    The tensor `gives` the units (a layer's outputs, a bias, a normalisation's scale) or `takes` their values and sums
    over them (a layer's inputs).
    """

    tensor: str
    axis: int
    role: Literal["gives", "takes"]


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """All axes that count the same units, or parts of them.

    `uniform`: units keep the function only when each has the same number of replicas, side by side (they are averaged
    over, or cut into halves). `hazards` are reasons why replicas would change the function; without any, they don't.
    """

    axes: tuple[UnitAxis, ...]
    uniform: bool = False
    hazards: tuple[str, ...] = ()

    @property
    def tensors(self) -> frozenset[str]:
        """Names of the tensors that hold a unit."""
        return frozenset(axis.tensor for axis in self.axes)


@dataclass(frozen=True, slots=True)
class IdentityStart:
    """How another node like that at `path`, put behind it, begins as the identity (Net2DeeperNet, section 2.3).

    Names of tensors are relative to the node. `zeroed` ends each residual branch in zeros; `dirac` are weights of
    convolutions and linear layers that hand on each channel.
    """

    path: str
    definition: str
    zeroed: tuple[str, ...]
    dirac: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What was found out about one tree."""

    groups: tuple[UnitGroup, ...] = ()
    starts: tuple[IdentityStart, ...] = ()
    failure: str = ""
    """Why nothing was found out, if that is so."""

    def start_at(self, path: str) -> IdentityStart | None:
        """How another node like that at a path begins."""
        return next((start for start in self.starts if start.path == path), None)

    def starts_of(self, definition: str) -> Iterator[IdentityStart]:
        """How nodes of a class begin."""
        return (start for start in self.starts if start.definition == definition)


def shapes_of(tree: Tree) -> Mapping[str, Shape]:
    """The shape of every parameter and persistent buffer by its full name, tied ones under each of their names."""
    return {full_name(node.path, tensor.name): tensor.shape for node in tree for tensor in node.tensors}


def tensors_below(tree: Tree, nid: str) -> Iterator[str]:
    """Names, relative to a node, of all parameters and persistent buffers in it."""
    top = tree.nodes[nid].path
    for node in tree.below(nid):
        for tensor in node.tensors:
            yield full_name(node.path, tensor.name).removeprefix(f"{top}." if top else "")


def full_name(path: str, tensor: str) -> str:
    """A tensor's key in the state dict."""
    return f"{path}.{tensor}" if path else tensor
