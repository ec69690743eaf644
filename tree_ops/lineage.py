"""Where a child's weights come from: which of its tensors begins as which of the parent's, and how (pure data).

Carrying it out is `archgraft.evaluator.transfer`'s work; deciding it is that of `inheritance`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import prod
from typing import Any, Literal

from archgraft.tree_ops.edits import Promise
from archgraft.tree_ops.tree import Shape

Beginning = Literal["copy", "average", "slice", "widen", "centre", "blocks", "overlap", "zero", "identity", "fresh"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node of the child comes from: a node of the parent that was kept or copied (`nid`), or nowhere."""

    path: str
    kind: Literal["kept", "copied", "new"]
    nid: str = ""


@dataclass(frozen=True, slots=True)
class AxisMap:
    """How one axis is widened: `units` names the map from the child's units to the parent's (`Lineage.unit_maps`).

    With `divides`, each unit's values are divided by the number of its replicas: the axis is summed over.
    """

    axis: int
    units: str
    divides: bool


@dataclass(frozen=True, slots=True)
class TensorPlan:
    """How one parameter or buffer of the child begins, by its full name.

    | beginning | value |
    | --- | --- |
    | copy | the source |
    | average | the mean of the sources |
    | slice | rows of the source from `offset` on |
    | widen | the source with units replicated (`maps`) |
    | centre | zeros, the source in the middle of the kernel's axes |
    | blocks | zeros, the source of a grouped convolution in blocks along the diagonal |
    | overlap | freshly initialised, but for the source's leading part as far as both reach |
    | zero | zeros |
    | identity | the weight that hands on each channel |
    | fresh | as its constructor made it |
    """

    name: str
    shape: Shape
    beginning: Beginning
    sources: tuple[str, ...] = ()
    maps: tuple[AxisMap, ...] = ()
    offset: int = 0
    n_groups: int = 1
    """Of the source's convolution, for `blocks`."""
    n_inherited: int = 0
    """Elements of it that the parent determines."""
    n_handed_on: int = 0
    """Elements of the source that live on in it."""
    reason: str = ""
    """Why it is not a copy, where that needs saying."""

    @property
    def share(self) -> float:
        """Share of its elements that the parent determines."""
        return self.n_inherited / prod(self.shape) if prod(self.shape) else 1.0


@dataclass(frozen=True, slots=True)
class Lineage:
    """The whole inheritance of a child. `promise` is what the transfer will keep; `reasons` say why not more."""

    origins: tuple[Origin, ...]
    tensors: tuple[TensorPlan, ...]
    tied: tuple[tuple[str, str], ...] = ()
    """Names under which the child holds a tensor again, and the name that has its plan."""
    unit_maps: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    promise: Promise = "changing"
    reasons: tuple[str, ...] = ()
    n_parent_elements: int = 0

    @property
    def inherited_share(self) -> float:
        """Share of the child's elements that the parent determines; 1 for a child without tensors."""
        n_elements = sum(prod(plan.shape) for plan in self.tensors)
        return sum(plan.n_inherited for plan in self.tensors) / n_elements if n_elements else 1.0

    @property
    def handed_on_share(self) -> float:
        """Share of the parent's elements that live on in the child, each counted once."""
        best: dict[str, int] = {}
        for plan in self.tensors:
            for source in plan.sources:
                together = plan.n_handed_on + (best.get(source, 0) if plan.beginning == "slice" else 0)
                best[source] = max(best.get(source, 0), together)
        return sum(best.values()) / self.n_parent_elements if self.n_parent_elements else 1.0

    def as_json(self) -> dict[str, Any]:
        """Everything, for a message or a file."""
        return asdict(self)
