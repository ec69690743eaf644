"""How values flow through one forward pass, read off autograd's graph with all parameters frozen. Child side.

With parameters frozen, the graph from the output down holds exactly the operations that the input went through.
"""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

Step = Any
"""A node of autograd's graph: one operation that was done."""

_WEIGHTED = ("Convolution", "Addmm", "Mm", "Bmm", "Baddbmm", "Addbmm", "MkldnnRnn", "CudnnRnn", "MiopenRnn")
_JOINS = ("AddBackward", "CatBackward", "StackBackward")
MAX_STEPS = 20_000
MAX_JOINS = 64


def steps_of(output: Tensor) -> list[Step]:
    """All steps from the input to the output, each after those that it uses; cut off at `MAX_STEPS`."""
    order: list[Step] = []
    seen: set[Step] = set()
    stack: list[tuple[Step, bool]] = [(output.grad_fn, False)]
    while stack and len(seen) < MAX_STEPS:
        step, is_done = stack.pop()
        if is_done:
            order.append(step)
        elif step is not None and step not in seen:
            seen.add(step)
            stack.append((step, True))
            stack.extend((used, False) for used in _used(step))
    return order


def depth_of(output: Tensor) -> int:
    """The longest chain of operations from the input to the output."""
    depths: dict[Step, int] = {}
    for step in steps_of(output):
        depths[step] = 1 + max((depths.get(used, 0) for used in _used(step)), default=0)
    return max(depths.values(), default=0)


def joins_paths(output: Tensor, *, one_is_bare: bool) -> bool:
    """Whether two paths from the input are added or set side by side of which one has weights that the other lacks.

    With `one_is_bare` the other must lead to the input without any weights, as the skip of a residual block does.
    """
    order = steps_of(output)
    joins = [step for step in reversed(order) if step.name().startswith(_JOINS) and len(_used(step)) > 1]
    for join in joins[:MAX_JOINS]:
        paths = [_below(used) for used in _used(join)]
        for place, path in enumerate(paths):
            others = [other for other_place, other in enumerate(paths) if other_place != place]
            if not _has_weights(path - set().union(*others)):
                continue
            if not one_is_bare or any(not _has_weights(other) for other in others):
                return True
    return False


def multiplies_by_weights(output: Tensor) -> bool:
    """Whether a matrix of weights, or a kernel, is applied to anything that comes from the input."""
    return _has_weights(steps_of(output))


def _used(step: Step) -> list[Step]:
    return [used for used, _ in step.next_functions if used is not None]


def _below(step: Step) -> set[Step]:
    seen: set[Step] = set()
    stack = [step]
    while stack and len(seen) < MAX_STEPS:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            stack.extend(_used(one))
    return seen


def _has_weights(steps: Iterable[Step]) -> bool:
    """Whether one of the steps multiplies what comes from the input with what does not."""
    return any(step.name().startswith(_WEIGHTED) and len(_used(step)) == 1 for step in steps)
