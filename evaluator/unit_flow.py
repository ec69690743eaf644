"""Follows units through one forward pass: every operation that torch does is seen, functional code included.

Child side. Operations without a rule endanger the units that they touch, so that what isn't known is never called safe.
The idea of grouping the axes that must change together is that of dependency graphs for pruning (Fang et al. 2023,
DepGraph, arXiv 2301.12900, section 3); rules here are for operations, not for layers, and say what replicas would do.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archgraft.evaluator.unit_rules import RULES, elementwise
from archgraft.evaluator.units import Register, Units
from archgraft.tree_ops.anatomy import OUTPUT, UnitAxis, UnitGroup


def unit_groups(model: nn.Module, inputs: Tensor) -> list[UnitGroup]:
    """All groups of axes of a model's parameters and buffers that count the same units."""
    state = model.state_dict(keep_vars=True)
    register = Register((name, tensor) for name, tensor in state.items() if isinstance(tensor, Tensor))
    model.eval()
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operation for a whole layer would hide what it does
    try:
        with torch.no_grad(), _Follow(register):
            output = model(inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    for tensor in tree_leaves(output):
        if isinstance(tensor, Tensor):
            for label in register.labels(tensor):
                if label is not None:
                    label.endanger(OUTPUT)
    roots = {id(label.root): label.root for label in register.groups}
    return [_group(units, register) for units in roots.values()]


class _Follow(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type its modes
    def __init__(self, register: Register) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._register = register

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = str(func.overloadpacket.__name__)
        rule = RULES.get(name) or RULES.get(name.removesuffix("_"))
        if rule is None and torch.Tag.pointwise in func.tags:
            rule = elementwise
        if rule is not None:
            rule(self._register, args, result)
        else:
            self._lose(name, (args, kwargs))
        return result

    def _lose(self, name: str, given: Any) -> None:
        """No rule: whatever went in is followed no further."""
        for tensor in tree_leaves(given):
            if isinstance(tensor, Tensor):
                for label in self._register.labels(tensor):
                    if label is not None:
                        label.endanger(f"they pass through {name}")


def _group(units: Units, register: Register) -> UnitGroup:
    places = sorted(units.places)
    if units.places & register.taking & register.giving:
        units.endanger("the same tensor gives and takes them")
    axes = [UnitAxis(name, axis, "takes" if (name, axis) in register.taking else "gives") for name, axis in places]
    return UnitGroup(tuple(axes), units.uniform or len(units.sizes) > 1, tuple(units.hazards))
