"""Decides where each tensor of a child comes from, and whether the child then computes what its parent did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from archgraft.tree_ops.anatomy import Anatomy, full_name, shapes_of
from archgraft.tree_ops.convolutions import grown_kernel, merged_groups
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.lineage import Lineage, Origin, TensorPlan
from archgraft.tree_ops.new_parts import Fill, fill_of, merged_with, start_like, started
from archgraft.tree_ops.promises import Judgement, judge
from archgraft.tree_ops.tree import Node, NodeTensor, Tree
from archgraft.tree_ops.tree_paths import joined, within
from archgraft.tree_ops.unforeseen import unforeseen
from archgraft.tree_ops.widening import growths

STATISTICS = frozenset({"running_mean", "running_var", "num_batches_tracked"})
"""Buffers that training fills; others a constructor computes from its arguments."""
HALVES = ("first", "second")
"""Slots of the two layers that a layer's output channels are split into."""


def inheritance(parent: Tree, child: Tree, edit: Edit | None, anatomy: Anatomy | None = None, seed: int = 0) -> Lineage:
    """The lineage of every node and tensor of a child. `seed` draws the units that widening by a part replicates.

    Its promise is that of the edit, weakened where the child turns out to be other than foreseen. Without an edit the
    child is to be the parent itself, printed anew.
    """
    return _Inheritance(parent, child, edit, anatomy or Anatomy(), seed).lineage()


def origins_of(parent: Tree, child: Tree, steps: Sequence[Edit]) -> dict[str, Origin]:
    """For each path of the child the node of the parent that it is, or was copied from. Total."""
    halves = {
        joined(path, slot): nid
        for step in steps
        if step.operator == "split" and step.form == "channels"
        for nid, path in step.places
        for slot in HALVES
    }
    found = {}
    for node in child:
        copied = node.copied_from or halves.get(node.path, "")
        if node.nid in parent.nodes:
            found[node.path] = Origin(node.path, "kept", node.nid)
        elif copied in parent.nodes:
            found[node.path] = Origin(node.path, "copied", copied)
        else:
            found[node.path] = Origin(node.path, "new")
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    """A tensor and the node that holds it."""

    node: Node
    tensor: NodeTensor

    @property
    def name(self) -> str:
        """The name under which the model first holds it."""
        return self.tensor.tied_to or full_name(self.node.path, self.tensor.name)

    @property
    def arguments(self) -> dict[str, str]:
        return {argument.name: argument.text for argument in self.node.arguments}


class _Inheritance:
    def __init__(self, parent: Tree, child: Tree, edit: Edit | None, anatomy: Anatomy, seed: int) -> None:
        self.parent, self.child, self.edit, self.anatomy = parent, child, edit, anatomy
        self.steps = () if edit is None else edit.steps or (edit,)
        self.origins = origins_of(parent, child, self.steps)
        self.heirs = list(self._heirs())
        before, after = shapes_of(parent), {old.name: new.tensor.shape for new, old in self.heirs if old is not None}
        self.growths = growths(self._changed_axes(), anatomy, before, after, seed)
        self.fill, self.unknown = self._new_parts()
        self.merged = dict(self._merged())

    def lineage(self) -> Lineage:
        own = [(new, old) for new, old in self.heirs if not new.tensor.tied_to]
        plans = tuple(self._plan(new, old) for new, old in own)
        units = {axis_map.units for plan in plans for axis_map in plan.maps}
        judgement = self._judgement(plans)
        return Lineage(
            origins=tuple(self.origins.values()),
            tensors=plans,
            tied=tuple(
                (full_name(new.node.path, new.tensor.name), new.name) for new, _ in self.heirs if new.tensor.tied_to
            ),
            unit_maps={key: g for growth in self.growths.values() for key, g in growth.units.items() if key in units},
            promise=judgement.promise,
            reasons=(judgement.reason,) if judgement.reason else (),
            n_parent_elements=sum(prod(t.shape) for node in self.parent for t in node.tensors if not t.tied_to),
        )

    def _heirs(self) -> Iterator[tuple[_Held, _Held | None]]:
        """Each tensor of the child, and the one of the parent that it was."""
        for node in self.child:
            nid = self.origins[node.path].nid
            before = {tensor.name: tensor for tensor in self.parent.nodes[nid].tensors} if nid else {}
            for tensor in node.tensors:
                old = before.get(tensor.name)
                yield _Held(node, tensor), None if old is None else _Held(self.parent.nodes[nid], old)

    def _changed_axes(self) -> Iterator[tuple[str, int]]:
        for new, old in self.heirs:
            if old is not None and len(old.tensor.shape) == len(new.tensor.shape):
                yield from ((old.name, axis) for axis in _changed(old, new))

    def _new_parts(self) -> tuple[Fill, list[str]]:
        """What the new parts begin with, and the new nodes of which nothing is known that keeps the function."""
        fill, unknown = Fill(), []
        for step in self.steps:
            for nid, _ in step.places:
                if step.operator != "change_argument":
                    found = fill_of(self.parent.nodes[nid], step, self.anatomy)
                    fill |= Fill() if isinstance(found, str) else found
                    continue
                for node in self._added_below(nid):
                    start = start_like(self.parent, self.child, node, self.anatomy)
                    fill |= Fill() if start is None else started(node.path, start)
                    unknown += [node.path] if start is None else []
        return fill, unknown

    def _added_below(self, nid: str) -> Iterator[Node]:
        """The roots of what is new below a node that was built with other arguments, if it holds any tensor."""
        for node in self.child.below(nid) if nid in self.child.nodes else ():
            above = self.child.parent_of(node.nid)
            if above is None or self.origins[node.path].kind != "new" or self.origins[above.path].kind == "new":
                continue
            if any(below.tensors for below in self.child.below(node.nid)):
                yield node

    def _merged(self) -> Iterator[tuple[str, str]]:
        """Where the average of two paths is undone: by the tensor that stays, the one whose path goes."""
        places = (place for step in self.steps if step.operator == "delete" for place in step.places)
        for nid, path in places:
            other = merged_with(self.parent, self.parent.nodes[nid])
            if other is not None:
                yield from ((full_name(other.path, t.name), full_name(path, t.name)) for t in other.tensors)

    def _plan(self, new: _Held, old: _Held | None) -> TensorPlan:
        plan = TensorPlan(new.name, new.tensor.shape, "fresh")
        if new.name in self.fill.zeroed:
            return replace(plan, beginning="zero")
        if new.name in self.fill.identity:
            return replace(plan, beginning="identity")
        if old is None:
            return plan
        if self._is_computed(new):
            return replace(plan, reason="its constructor computes it from the arguments")
        if len(old.tensor.shape) != len(plan.shape):
            return replace(plan, reason=f"{old.name} has other axes")
        if old.name in self.merged:
            return _handed_on(replace(plan, beginning="average", sources=(old.name, self.merged[old.name])), old)
        if plan.shape == old.tensor.shape:
            return _handed_on(replace(plan, beginning="copy", sources=(old.name,)), old)
        return self._plan_changed(replace(plan, sources=(old.name,)), new, old)

    def _is_computed(self, new: _Held) -> bool:
        """Whether it is a buffer of a node that may have been built anew with other arguments, and no statistic."""
        changed = (path for step in self.steps if step.operator == "change_argument" for _, path in step.places)
        is_constant = new.tensor.kind == "buffer" and new.tensor.name not in STATISTICS
        return is_constant and any(within(new.node.path, path) for path in changed)

    def _plan_changed(self, plan: TensorPlan, new: _Held, old: _Held) -> TensorPlan:
        """A tensor that has the axes of its source, some of them of another size."""
        offset = self._offset_in_split(new, old)
        if offset is not None:
            return _handed_on(replace(plan, beginning="slice", offset=offset), old)
        if new.tensor.name == "weight" and grown_kernel(new.node.definition, old.arguments, new.arguments):
            return _handed_on(replace(plan, beginning="centre"), old)
        if new.tensor.name == "weight" and merged_groups(new.node.definition, old.arguments, new.arguments):
            return _handed_on(replace(plan, beginning="blocks", n_groups=int(old.arguments["groups"])), old)
        found = [(axis, self.growths[old.name, axis]) for axis in _changed(old, new)]
        reason = next((growth.reason for _, growth in found if growth.reason), "")
        if reason:
            common = prod(min(n, m) for n, m in zip(old.tensor.shape, plan.shape, strict=True))
            return replace(plan, beginning="overlap", n_inherited=common, n_handed_on=common, reason=reason)
        maps = tuple(growth.maps[old.name, axis] for axis, growth in found)
        return _handed_on(replace(plan, beginning="widen", maps=maps), old)

    def _offset_in_split(self, new: _Held, old: _Held) -> int | None:
        """For one half of a layer whose output channels were split, the first of them that it has."""
        slot = new.node.path.rpartition(".")[2]
        if self.origins[new.node.path].kind != "copied" or new.node.path != joined(old.node.path, slot):
            return None
        return {HALVES[0]: 0, HALVES[1]: old.tensor.shape[0] - new.tensor.shape[0]}.get(slot)

    def _judgement(self, plans: tuple[TensorPlan, ...]) -> Judgement:
        foreseen = Judgement("exact") if self.edit is None else judge(self.parent, self.edit, self.anatomy)
        if foreseen.promise != "exact":
            return foreseen
        if self.unknown:
            return Judgement("near", f"how {self.unknown[0]} starts as the identity is not known")
        meant = {name for step in self.steps for name, _ in step.changes}
        fault = next(unforeseen(self.parent, self.child, self.origins, plans, self.fill, meant), None)
        return foreseen if fault is None else Judgement("near", fault)


def _changed(old: _Held, new: _Held) -> list[int]:
    sizes: Mapping[int, tuple[int, int]] = dict(enumerate(zip(old.tensor.shape, new.tensor.shape, strict=True)))
    return [axis for axis, (n, m) in sizes.items() if n != m]


def _handed_on(plan: TensorPlan, old: _Held) -> TensorPlan:
    """The whole plan is the parent's, and all of the source that it holds lives on."""
    n_handed_on = min(prod(plan.shape), prod(old.tensor.shape))
    return replace(plan, n_inherited=prod(plan.shape), n_handed_on=n_handed_on)
