"""Which modules are not the same from call to call, or called for some batches only. Runs in the sandbox child only.

A node is something that stands where it stands. What forward makes, replaces or skips has no place that an edit could
rely on, so such nodes stay closed; the rest of the tree is as good as any.
"""

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import nn

from archgraft.evaluator.flow import Flow

_MADE = "made in forward"
_REASSIGNED = "reassigned in forward"
_UNPLACED = (_MADE, _REASSIGNED)
"""Reasons that hold for all that stands below, too."""

N_OTHER = 2
"""Samples in the second batch."""

Places = Mapping[str, int]
"""Which instance stands at which path, by identity."""


def places(model: nn.Module) -> Places:
    """As they are now."""
    return {path: id(module) for path, module in model.named_modules(remove_duplicate=False)}


def other_batch(inputs: torch.Tensor) -> torch.Tensor:
    """A smaller batch of the same range with other values: small where the first one's are large.

    Two samples are the fewest that batch normalisation can train on. They are those that lie furthest on the side of
    the middle where the first batch lies as a whole, so that this one lies on the other.
    """
    smallest, largest = inputs.min(), inputs.max()
    ends = smallest + largest if smallest >= 0 else torch.zeros_like(smallest)
    sides = inputs.flatten(1).double().mean(1) - ends / 2
    chosen = sides.argsort(descending=bool(sides.mean() > 0))[:N_OTHER]
    return ends - inputs[chosen]


def unsteady(stood: Sequence[Places], first: Flow, second: Flow) -> dict[str, str]:
    """Why nodes can't be relied on, by path. `stood` is what stood where after building and after each pass."""
    built, *later = stood
    found: dict[str, str] = {}
    for path, key in later[-1].items():
        above = found.get(path.rpartition(".")[0], "") if path else ""
        if above in _UNPLACED:
            found[path] = above
        elif path not in built:
            found[path] = _MADE
        elif any(places.get(path) != key for places in stood):
            found[path] = _REASSIGNED
        elif reason := _varying(key, first, second):
            found[path] = reason
    return found


def _varying(key: int, first: Flow, second: Flow) -> str:
    n_calls = first.n_calls.get(key, 0), second.n_calls.get(key, 0)
    if n_calls[0] != n_calls[1]:
        return "called for some inputs, or in one mode, only" if 0 in n_calls else "called more or less often"
    for one, other in ((first.inputs, second.inputs), (first.outputs, second.outputs)):
        if not _are_alike(one.get(key, {}), other.get(key, {}), first.batch_size, second.batch_size):
            return "its tensors' shapes depend on their values"
    return ""


def _are_alike(
    shapes: Collection[Sequence[int]], others: Collection[Sequence[int]], size: int, other_size: int
) -> bool:
    """Whether each pass has all shapes of the other, axes that hold the batch being as long as that makes them."""

    def is_alike(shape: Sequence[int], other: Sequence[int]) -> bool:
        if len(shape) != len(other):
            return False
        return all(n == m or n * other_size == m * size for n, m in zip(shape, other, strict=True))

    return all(any(is_alike(shape, other) for other in others) for shape in shapes) and all(
        any(is_alike(shape, other) for shape in shapes) for other in others
    )
